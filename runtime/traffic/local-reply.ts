import { assertNever } from "../core/assert-never.ts";
import { type ResetReason, resetFlag } from "./reset.ts";

/** Why a proxy answers by itself (spec traffic 5.5 with its errata; spec security for 401 and 403). */
export type LocalReplyCause =
  | { readonly kind: "route-not-found" }
  | { readonly kind: "cluster-not-found" }
  | { readonly kind: "no-healthy-upstream" }
  /** `transport`: what failed below HTTP, such as `delayed connect error: Connection refused`; only logs show it. `tries` counts all of them. */
  | {
      readonly kind: "reset";
      readonly reason: ResetReason;
      readonly transport?: string;
      readonly tries: number;
      readonly exhausted: boolean;
    }
  | { readonly kind: "route-timeout" }
  | { readonly kind: "per-try-timeout"; readonly exhausted: boolean }
  | { readonly kind: "fault-abort"; readonly status: number; readonly delayed: boolean; readonly grpcStatus?: number }
  | { readonly kind: "direct-response"; readonly status: number; readonly body: string }
  | { readonly kind: "redirect"; readonly status: number; readonly location: string }
  /** `details` comes from the decision: `rbac_access_denied_matched_policy[…]`. */
  | { readonly kind: "rbac-denied"; readonly details: string }
  /** `details` and `text` come from the token's verification; `challenge` goes into www-authenticate. */
  | {
      readonly kind: "jwt-denied";
      readonly status: 401 | 403;
      readonly text: string;
      readonly details: string;
      readonly challenge: string;
    }
  /** An external authorizer said no, or nothing (spec security CU-22). */
  | {
      readonly kind: "ext-authz";
      readonly details: "ext_authz_denied" | "ext_authz_error";
      readonly status: number;
      readonly headers: LocalReply["headers"];
      readonly body: string;
    }
  /** `text` says which header of the request an external authorizer spoiled. */
  | { readonly kind: "invalid-request-header"; readonly text: string }
  | { readonly kind: "upgrade-failed" }
  | { readonly kind: "low-version" }
  | { readonly kind: "missing-host" }
  | { readonly kind: "invalid-authority" }
  | { readonly kind: "absolute-path-rejected" }
  | { readonly kind: "path-normalization-failed" }
  | { readonly kind: "codec-error"; readonly details: string }
  | { readonly kind: "not-implemented"; readonly details: string }
  | { readonly kind: "headers-too-large"; readonly details: "http1.headers_too_large" | "http1.too_many_headers" }
  | { readonly kind: "payload-too-large" };

export interface LocalReply {
  readonly status: number;
  readonly body: string;
  /** Undefined when there is no body: an empty reply has no content type. */
  readonly contentType: string | undefined;
  /** In the order in which they are set; empty: `-`. */
  readonly flags: readonly string[];
  /** Response code details. */
  readonly details: string;
  /** Headers besides content-type, content-length, date and server. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Overrides the gRPC status that the HTTP status would give. */
  readonly grpcStatus?: number;
}

const resetText = "upstream connect error or disconnect/reset before headers.";

/** Status, body, flags and details exactly as Envoy gives them. */
export function localReply(cause: LocalReplyCause): LocalReply {
  switch (cause.kind) {
    case "route-not-found":
      return reply(404, "", "route_not_found", ["NR"]);
    case "cluster-not-found":
      return reply(503, "", "cluster_not_found", ["NC"]);
    case "no-healthy-upstream":
      return reply(503, "no healthy upstream", "no_healthy_upstream", ["UH"]);
    case "reset":
      return resetReply(cause);
    case "route-timeout":
      return reply(504, "upstream request timeout", "response_timeout", ["UT"]);
    case "per-try-timeout":
      return reply(
        504,
        "upstream request timeout",
        "upstream_per_try_timeout",
        cause.exhausted ? ["URX", "UT"] : ["UT"],
      );
    case "fault-abort": {
      const abort = reply(
        cause.status,
        "fault filter abort",
        "fault_filter_abort",
        cause.delayed ? ["DI", "FI"] : ["FI"],
      );
      return cause.grpcStatus === undefined ? abort : { ...abort, grpcStatus: cause.grpcStatus };
    }
    case "direct-response":
      return reply(cause.status, cause.body, "direct_response");
    case "redirect":
      return reply(cause.status, "", "direct_response", [], [["location", cause.location]]);
    case "rbac-denied":
      return reply(403, "RBAC: access denied", cause.details);
    case "jwt-denied":
      return reply(cause.status, cause.text, cause.details, [], [["www-authenticate", cause.challenge]]);
    case "ext-authz":
      return reply(cause.status, cause.body, cause.details, ["UAEX"], cause.headers);
    case "invalid-request-header": {
      const details = `filter_removed_required_request_headers{${cause.text}}`.replaceAll(/\s/g, "_");
      return reply(503, cause.text, details, ["DPE"]);
    }
    case "upgrade-failed":
      return reply(403, "", "upgrade_failed");
    case "low-version":
      return reply(426, "Upgrade Required", "low_version", ["DPE"]);
    case "missing-host":
      return reply(400, "", "missing_host_header");
    case "invalid-authority":
      return reply(400, "Bad Request", "http.invalid_authority", ["DPE"]);
    case "absolute-path-rejected":
      return reply(404, "", "absolute_path_rejected");
    case "path-normalization-failed":
      return reply(400, "", "path_normalization_failed");
    case "codec-error":
      return reply(400, "Bad Request", cause.details, ["DPE"]);
    case "not-implemented":
      return reply(501, "Not Implemented", cause.details, ["DPE"]);
    case "headers-too-large":
      return reply(431, "Request Header Fields Too Large", cause.details, ["DPE"]);
    case "payload-too-large":
      return reply(413, "Payload Too Large", "request_payload_too_large");
    default:
      return assertNever(cause);
  }
}

function resetReply(cause: Extract<LocalReplyCause, { kind: "reset" }>): LocalReply {
  const retried = cause.tries > 1 ? " retried and the latest" : "";
  const transport = cause.transport === undefined || cause.transport === "" ? "" : `|${cause.transport}`;
  const flag = resetFlag(cause.reason);
  return reply(
    cause.reason === "protocol error" ? 502 : 503,
    `${resetText}${retried} reset reason: ${cause.reason}`,
    `upstream_reset_before_response_started{${cause.reason}${transport}}`.replaceAll(/\s/g, "_"),
    cause.exhausted ? ["URX", flag] : [flag],
    cause.reason === "overflow" ? [["x-envoy-overloaded", "true"]] : [],
  );
}

function reply(
  status: number,
  body: string,
  details: string,
  flags: readonly string[] = [],
  headers: LocalReply["headers"] = [],
): LocalReply {
  return { status, body, contentType: body === "" ? undefined : "text/plain", flags, details, headers };
}

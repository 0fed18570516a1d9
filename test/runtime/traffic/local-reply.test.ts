import { defaultInboundOptions, defaultOutboundOptions } from "../../../runtime/traffic/http-options.ts";
import { describe, expect, it } from "vitest";
import { bindPhases } from "../../../runtime/traffic/header-operations.ts";
import { localReply, type LocalReplyCause } from "../../../runtime/traffic/local-reply.ts";
import { replyHead, type ReplyContext } from "../../../runtime/traffic/reply-head.ts";

const resetText = "upstream connect error or disconnect/reset before headers.";
const refused =
  "upstream_reset_before_response_started{remote_connection_failure|delayed_connect_error:_Connection_refused}";

describe("replies of the proxy itself, as recorded", () => {
  it.each<[LocalReplyCause, number, string, string, string]>([
    [{ kind: "route-not-found" }, 404, "", "NR", "route_not_found"],
    [{ kind: "cluster-not-found" }, 503, "", "NC", "cluster_not_found"],
    [{ kind: "no-healthy-upstream" }, 503, "no healthy upstream", "UH", "no_healthy_upstream"],
    [
      {
        kind: "reset",
        reason: "remote connection failure",
        transport: "delayed connect error: Connection refused",
        tries: 1,
        exhausted: false,
      },
      503,
      `${resetText} reset reason: remote connection failure`,
      "UF",
      refused,
    ],
    [
      {
        kind: "reset",
        reason: "remote connection failure",
        transport: "delayed connect error: Connection refused",
        tries: 3,
        exhausted: true,
      },
      503,
      `${resetText} retried and the latest reset reason: remote connection failure`,
      "URX,UF",
      refused,
    ],
    [
      { kind: "reset", reason: "connection termination", tries: 1, exhausted: false },
      503,
      `${resetText} reset reason: connection termination`,
      "UC",
      "upstream_reset_before_response_started{connection_termination}",
    ],
    [
      { kind: "reset", reason: "protocol error", tries: 1, exhausted: false },
      502,
      `${resetText} reset reason: protocol error`,
      "UPE",
      "upstream_reset_before_response_started{protocol_error}",
    ],
    [{ kind: "route-timeout" }, 504, "upstream request timeout", "UT", "response_timeout"],
    [{ kind: "per-try-timeout", exhausted: false }, 504, "upstream request timeout", "UT", "upstream_per_try_timeout"],
    [
      { kind: "per-try-timeout", exhausted: true },
      504,
      "upstream request timeout",
      "URX,UT",
      "upstream_per_try_timeout",
    ],
    [{ kind: "fault-abort", status: 418, delayed: false }, 418, "fault filter abort", "FI", "fault_filter_abort"],
    [{ kind: "fault-abort", status: 503, delayed: true }, 503, "fault filter abort", "DI,FI", "fault_filter_abort"],
    [{ kind: "direct-response", status: 502, body: "" }, 502, "", "", "direct_response"],
    [
      { kind: "rbac-denied", details: "rbac_access_denied_matched_policy[none]" },
      403,
      "RBAC: access denied",
      "",
      "rbac_access_denied_matched_policy[none]",
    ],
    [{ kind: "upgrade-failed" }, 403, "", "", "upgrade_failed"],
    [{ kind: "low-version" }, 426, "Upgrade Required", "DPE", "low_version"],
    [{ kind: "missing-host" }, 400, "", "", "missing_host_header"],
    [{ kind: "invalid-authority" }, 400, "Bad Request", "DPE", "http.invalid_authority"],
    [{ kind: "absolute-path-rejected" }, 404, "", "", "absolute_path_rejected"],
    [{ kind: "path-normalization-failed" }, 400, "", "", "path_normalization_failed"],
    [{ kind: "codec-error", details: "http1.codec_error" }, 400, "Bad Request", "DPE", "http1.codec_error"],
    [
      { kind: "not-implemented", details: "http1.invalid_transfer_encoding" },
      501,
      "Not Implemented",
      "DPE",
      "http1.invalid_transfer_encoding",
    ],
    [
      { kind: "headers-too-large", details: "http1.headers_too_large" },
      431,
      "Request Header Fields Too Large",
      "DPE",
      "http1.headers_too_large",
    ],
    [{ kind: "payload-too-large" }, 413, "Payload Too Large", "", "request_payload_too_large"],
  ])("%j", (cause, status, body, flags, details) => {
    const reply = localReply(cause);
    expect([reply.status, reply.body, reply.flags.join(","), reply.details]).toEqual([status, body, flags, details]);
    expect(reply.contentType).toBe(body === "" ? undefined : "text/plain");
  });

  it("an overflow says so in a header", () => {
    expect(localReply({ kind: "reset", reason: "overflow", tries: 1, exhausted: false }).headers).toEqual([
      ["x-envoy-overloaded", "true"],
    ]);
  });

  it("bodies have the recorded lengths", () => {
    const lengths = (["remote connection failure", "connection termination"] as const).map((reason) =>
      [1, 3].map((tries) => localReply({ kind: "reset", reason, tries, exhausted: false }).body.length),
    );
    expect(lengths).toEqual([
      [98, 121],
      [95, 118],
    ]);
  });
});

describe("the head of a reply", () => {
  const context: ReplyContext = { options: defaultOutboundOptions, date: "now", grpc: false, head: false };
  const facts = {
    request: () => undefined,
    downstreamRemoteAddress: "",
    downstreamLocalAddress: "",
    protocol: "HTTP/1.1",
    routeName: "",
    upstreamCluster: "",
  };
  const withOperations = (
    set: Record<string, string>,
    add: Record<string, string> = {},
    remove: string[] = [],
  ): ReplyContext => ({
    ...context,
    operations: { phases: bindPhases({ set, add, remove }, undefined, false), facts },
  });
  const plain = (cause: LocalReplyCause, over: Partial<ReplyContext> = {}): unknown => {
    const { status, headers, body } = replyHead(localReply(cause), { ...context, ...over });
    return { status, body, headers: Object.fromEntries(headers) };
  };

  it("has length, type, date and server", () => {
    expect(plain({ kind: "no-healthy-upstream" })).toEqual({
      status: 503,
      body: "no healthy upstream",
      headers: { "content-length": "19", "content-type": "text/plain", date: "now", server: "envoy" },
    });
    expect(plain({ kind: "route-not-found" })).toEqual({
      status: 404,
      body: "",
      headers: { "content-length": "0", date: "now", server: "envoy" },
    });
  });

  it("keeps the length of a body that HEAD leaves out, and has none for no body", () => {
    expect(plain({ kind: "no-healthy-upstream" }, { head: true })).toEqual({
      status: 503,
      body: "",
      headers: { "content-length": "19", "content-type": "text/plain", date: "now", server: "envoy" },
    });
    expect(plain({ kind: "cluster-not-found" }, { head: true })).toEqual({
      status: 503,
      body: "",
      headers: { date: "now", server: "envoy" },
    });
  });

  it("tells strangers the operation", () => {
    const told = replyHead(localReply({ kind: "route-not-found" }), {
      ...context,
      options: defaultInboundOptions,
      decorator: ":0/*",
    });
    expect(Object.fromEntries(told.headers)).toMatchObject({
      server: "istio-envoy",
      "x-envoy-decorator-operation": ":0/*",
    });
  });

  it("lets the route change the type, but not server, date and length", () => {
    const direct = localReply({ kind: "direct-response", status: 200, body: "{}" });
    const set = replyHead(direct, withOperations({ "content-type": "application/json", "x-a": "1" }, { "x-a": "2" }));
    expect(set.headers).toEqual([
      ["content-length", "2"],
      ["content-type", "application/json"],
      ["x-a", "1"],
      ["x-a", "2"],
      ["date", "now"],
      ["server", "envoy"],
    ]);
    const removed = replyHead(
      direct,
      withOperations({ server: "x" }, {}, ["content-type", "server", "date", "content-length"]),
    );
    expect(Object.fromEntries(removed.headers)).toEqual({
      "content-length": "2",
      "content-type": "text/plain",
      date: "now",
      server: "envoy",
    });
  });

  it("leads a redirect on", () => {
    expect(plain({ kind: "redirect", status: 301, location: "http://x/" })).toEqual({
      status: 301,
      body: "",
      headers: { "content-length": "0", location: "http://x/", date: "now", server: "envoy" },
    });
  });

  it.each([
    [400, "13"],
    [401, "16"],
    [403, "7"],
    [404, "12"],
    [429, "14"],
    [500, "2"],
    [502, "14"],
    [503, "14"],
  ])("answers gRPC with its own status: %i → %s", (status, grpcStatus) => {
    expect(plain({ kind: "fault-abort", status, delayed: false }, { grpc: true })).toEqual({
      status: 200,
      body: "",
      headers: {
        "content-type": "application/grpc",
        "grpc-status": grpcStatus,
        "grpc-message": "fault filter abort",
        date: "now",
        server: "envoy",
      },
    });
  });

  it("an explicit gRPC status wins, and plain HTTP does not see it", () => {
    const cause = { kind: "fault-abort", status: 200, delayed: false, grpcStatus: 4 } as const;
    expect(plain(cause, { grpc: true })).toMatchObject({ headers: { "grpc-status": "4" } });
    expect(plain(cause)).toMatchObject({ status: 200, body: "fault filter abort" });
  });
});

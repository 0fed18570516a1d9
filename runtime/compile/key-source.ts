import type { JwtRule } from "../model/istio-security.ts";
import type { JwtKeys } from "../model/jwt.ts";
import type { Mesh } from "../model/mesh.ts";

/** Where the keys of a rule without inline `jwks` are fetched. */
export interface KeySource {
  readonly url: string;
  /** `discovery`: the URL answers with an OpenID configuration that names the URL of the keys. */
  readonly kind: "keys" | "discovery";
  /** In whose name they are fetched: what becomes of tokens without them depends on it. */
  readonly by: Extract<JwtKeys, { kind: "unavailable" }>["by"];
  /** Why nobody may fetch them; undefined: somebody may. */
  readonly barred: string | undefined;
}

/** The rule's `jwksUri`, else what its issuer says (spec RA-9), and who fetches it (spec RA-24). */
export function keySourceOf(mesh: Mesh, rule: JwtRule): KeySource {
  const uri = rule.jwksUri ?? rule.jwks_uri ?? "";
  if (uri !== "") return { url: uri, kind: "keys", ...fetcherOf(mesh, uri) };
  const issuer = (rule.issuer ?? "").replace(/\/$/, "");
  return { url: `${issuer}/.well-known/openid-configuration`, kind: "discovery", by: "istiod", barred: undefined };
}

function fetcherOf(mesh: Mesh, uri: string): Pick<KeySource, "by" | "barred"> {
  const mode = fetchMode(mesh.features["PILOT_JWT_ENABLE_REMOTE_JWKS"] ?? "");
  if (mode === "istiod") return { by: "istiod", barred: undefined };
  const host = URL.canParse(uri) ? new URL(uri).hostname : "";
  if (isKnown(mesh, host)) return { by: "proxy", barred: undefined };
  if (mode === "hybrid") return { by: "istiod", barred: undefined };
  const why = `${host} is neither a Service nor the host of a ServiceEntry, and PILOT_JWT_ENABLE_REMOTE_JWKS=envoy`;
  return { by: "proxy", barred: why };
}

/** What istiod makes of the switch; an unknown word is its default. */
function fetchMode(text: string): "istiod" | "hybrid" | "envoy" {
  const word = text.toLowerCase();
  if (word === "envoy") return "envoy";
  return word === "true" || word === "hybrid" ? "hybrid" : "istiod";
}

/** Whether a sidecar has a cluster for a host: exactly this one, as istiod looks it up. */
function isKnown(mesh: Mesh, host: string): boolean {
  return (
    mesh.services.some(({ hostname }) => hostname === host) ||
    mesh.others.some(({ kind, spec }) => kind === "ServiceEntry" && hostsOf(spec).includes(host))
  );
}

function hostsOf(spec: unknown): readonly unknown[] {
  if (typeof spec !== "object" || spec === null || !("hosts" in spec)) return [];
  return Array.isArray(spec.hosts) ? spec.hosts : [];
}

import type { RequestFacts } from "../model/decision.ts";
import type { JsonValue } from "../model/jwt.ts";
import type { Clause } from "../model/policy.ts";
import { bindClause, claimTexts, pathOf, peerNames } from "./clause.ts";
import { isJsonList, isJsonObject } from "./jwt/json.ts";
import { normalizePath } from "./normalize.ts";

/**
 * How a clause that failed would have held, where that is easily overlooked; undefined: nothing is that near. It is found by asking the
 * clause again about a request that differs in one respect. Values of the request are not quoted: they may be secret.
 */
export function hintOn(clause: Clause, facts: RequestFacts): string | undefined {
  if (clause.negated) return undefined;
  const holds = (change: Partial<RequestFacts>): boolean => bindClause(clause)({ ...facts, ...change });
  switch (clause.attribute.kind) {
    case "host":
      return hintOnHost(facts, (authority) => holds({ authority: () => authority }));
    case "path":
      return hintOnPath(clause, facts, (path) => holds({ path: () => path }));
    case "method":
      return holds({ method: () => facts.method().toUpperCase() }) ||
        holds({ method: () => facts.method().toLowerCase() })
        ? "methods are compared with their case"
        : undefined;
    case "peer":
      return hintOnPeer(clause, facts, (name) => holds({ peer: { uriSans: [name], dnsSans: [], subject: "" } }));
    case "claim":
      return hintOnClaim(clause, clause.attribute.path, facts);
    case "destination-port":
      return "ports are those of the workload, not of its Service";
    default:
      return undefined;
  }
}

function hintOnHost(facts: RequestFacts, holds: (authority: string) => boolean): string | undefined {
  const authority = facts.authority();
  const bare = authority.replace(/:\d+$/, "");
  if (bare !== authority) return holds(bare) ? "only the port differs: hosts are compared with it" : undefined;
  return holds(`${authority}:${facts.destinationPort}`)
    ? "only the port differs: the request's host has none"
    : undefined;
}

function hintOnPath(clause: Clause, facts: RequestFacts, holds: (path: string) => boolean): string | undefined {
  const path = pathOf(facts.path());
  if (holds(path.endsWith("/") ? path.slice(0, -1) : `${path}/`)) return "only a slash at the end differs";
  if (holds(path.toLowerCase())) return "only upper and lower case differ";
  if (clause.values.some((value) => value.includes("?"))) return "paths are compared without their query";
  const isSeen = clause.values.every((value) => normalized(value) === value);
  return isSeen || !clause.values.some((value) => fits(path, normalized(value)))
    ? undefined
    : "policies see normalised paths, and this value is none";
}

function normalized(path: string): string {
  const result = normalizePath(path, "DECODE_AND_MERGE_SLASHES");
  return result.ok ? result.path : path;
}

function fits(path: string, value: string): boolean {
  return value.endsWith("*") ? path.startsWith(value.slice(0, -1)) : path === value;
}

function hintOnPeer(clause: Clause, facts: RequestFacts, holds: (name: string) => boolean): string | undefined {
  const [own] = facts.peer === undefined ? [] : peerNames(facts.peer);
  if (own === undefined) return undefined;
  if (clause.values.some((value) => value.startsWith("spiffe://")) && clause.values.some((value) => value === own))
    return "principals are written without spiffe://";
  const [, , domain = "", ...rest] = own.split("/");
  const [, namespace = "", , account = ""] = rest;
  for (const value of clause.values) {
    const [wantedDomain = "", , wantedNamespace = ""] = value.split("/");
    if (value.includes("/") && wantedDomain !== domain && holds(["spiffe:", "", wantedDomain, ...rest].join("/")))
      return `only the trust domain differs: ${wantedDomain} is neither this mesh's trustDomain nor one of its trustDomainAliases`;
    if (wantedNamespace !== "" && holds(`spiffe://${domain}/ns/${wantedNamespace}/sa/${account}`))
      return `only the namespace differs: the caller runs in ${namespace}`;
  }
  const isAccount = /serviceAccount/.test(clause.field) && clause.values.includes(account);
  return isAccount ? "without a namespace a service account is one of the policy's own namespace" : undefined;
}

function hintOnClaim(clause: Clause, path: readonly string[], { claims }: RequestFacts): string | undefined {
  if (claims === undefined) return undefined;
  let value: JsonValue | undefined = claims;
  for (const name of path) value = isJsonObject(value) ? value[name] : undefined;
  if (value === undefined) {
    const [name = "", ...more] = path;
    if (more.length > 0)
      return claims[path.join(".")] === undefined
        ? undefined
        : `the claim's name has dots and is not nested: request.auth.claims[${path.join(".")}]`;
    const nested = name.split(".");
    return nested.length > 1 && claimTexts(claims, nested).length > 0
      ? `the claim is nested: request.auth.claims${nested.map((each) => `[${each}]`).join("")}`
      : undefined;
  }
  if (typeof value === "string")
    return clause.values.some((wanted) => value.split(" ").includes(wanted))
      ? "the claim is one text of several words: spaceDelimitedClaims of the RequestAuthentication splits it"
      : undefined;
  if (isJsonList(value)) return undefined;
  return "only texts and lists of texts are compared, and the claim is neither";
}

import type { PolicySet } from "../../runtime/model/policy.ts";
import { systemClock } from "../../runtime/core/clock.ts";
import { bindHttpPolicies, bindPolicies } from "../../runtime/policy/decide.ts";
import { normalizePath } from "../../runtime/policy/normalize.ts";
import { type ConnectionFacts, denialDetails, httpFacts, tcpFacts } from "../../runtime/traffic/facts.ts";
import { parseRequestHead } from "../../runtime/wire/http1/head.ts";
import type { Reply } from "./connection.ts";
import type { Scenario } from "./scenario.ts";

/** A decision and who made it, as both sides tell it: `200 /path ns[…]`, `403 details`, `400`. */

/** Our engine's answer to the bytes of a request. */
export function ourHttp({ inbound, enforced }: Scenario): (connection: ConnectionFacts, request: string) => string {
  const decide = bindHttpPolicies(inbound, systemClock);
  return (connection, request) => {
    const parsed = parseRequestHead(Buffer.from(`${request}\r\n\r\n`, "latin1"), 0);
    if (parsed.kind !== "head") return "400";
    const normalized = normalizePath(parsed.head.target, enforced.normalization);
    if (!normalized.ok) return `400 ${normalized.details}`;
    const decision = decide(httpFacts(connection, parsed.head, normalized.path));
    const { token } = decision;
    if (decision.reason === "jwt") {
      const fault = token?.fault ?? "";
      return `${fault === "Audiences in Jwt are not allowed" ? 403 : 401} jwt_authn_access_denied{${fault.replaceAll(" ", "_")}}`;
    }
    if (decision.verdict === "deny") return `403 ${denialDetails(inbound.http, decision)}`;
    const path = token?.changes.path ?? normalized.path;
    return `200 ${path} ${idOf(inbound.http, decision.by)}`.trimEnd();
  };
}

function idOf(set: PolicySet, by: { readonly policy: number; readonly rule: number } | undefined): string {
  const policy = by === undefined ? undefined : set.policies[by.policy];
  return policy === undefined || by === undefined ? "" : `${policy.id}-rule[${policy.rules[by.rule]?.index}]`;
}

export function envoyHttp({ status, headers }: Reply): string {
  if (status !== 200) return `${status} ${headers.get("x-details") ?? ""}`.trimEnd();
  const by = headers.get("x-by") ?? "-";
  return `200 ${headers.get("x-path") ?? ""} ${by === "-" ? "" : by}`.trimEnd();
}

export function ourTcp({ inbound }: Scenario): (connection: ConnectionFacts) => boolean {
  const decide = bindPolicies(inbound.tcp);
  return (connection) => decide(tcpFacts(connection)).verdict === "allow";
}

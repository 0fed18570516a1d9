import type { RequestFacts } from "../../runtime/model/decision.ts";
import type { PolicySet } from "../../runtime/model/policy.ts";
import { systemClock } from "../../runtime/core/clock.ts";
import { bindCustom, customStart } from "../../runtime/policy/custom.ts";
import { bindHttpPolicies, bindPolicies, decidedFacts } from "../../runtime/policy/decide.ts";
import { normalizePath } from "../../runtime/policy/normalize.ts";
import { shadowsOf } from "../../runtime/policy/shadow.ts";
import { type ConnectionFacts, denialDetails, httpFacts, seenFacts, tcpFacts } from "../../runtime/traffic/facts.ts";
import {
  type Authorized,
  judgeAnswer,
  noRequest,
  unasked,
  withAnswers,
} from "../../runtime/traffic/ext-authz/authorized.ts";
import { grpcCheck, readGrpcAnswer } from "../../runtime/traffic/ext-authz/grpc-check.ts";
import { httpCheck, readHttpAnswer } from "../../runtime/traffic/ext-authz/http-check.ts";
import { headerEntries, parseRequestHead } from "../../runtime/wire/http1/head.ts";
import { answerGrpc, answerHttp } from "./authorizer.ts";
import type { Reply } from "./connection.ts";
import type { Scenario } from "./scenario.ts";

/** A decision and who made it, as both sides tell it: `200 /path ns[…] | shadows`, `403 details | shadows`, `400`. */

export interface OwnVerdict {
  readonly text: string;
  /** Whether a provider had to be asked. */
  readonly asked: boolean;
}

/** Our engine's answer to the bytes of a request. */
export function ourHttp({ inbound, enforced }: Scenario): (connection: ConnectionFacts, request: string) => OwnVerdict {
  const decide = bindHttpPolicies(inbound, systemClock);
  const ask = bindAsking(inbound.http);
  return (connection, request) => {
    const parsed = parseRequestHead(Buffer.from(`${request}\r\n\r\n`, "latin1"), 0);
    const early = (text: string): OwnVerdict => ({ text, asked: false });
    if (parsed.kind !== "head") return early("400");
    const { head } = parsed;
    const normalized = normalizePath(head.target, enforced.normalization);
    if (!normalized.ok) return early(`400 ${normalized.details}`);
    const { path } = normalized;
    const { method, authority } = head;
    const seen = { method, path, authority, scheme: "http", headers: headerEntries(head), changed: new Set<string>() };
    const plain = httpFacts(connection, head, path);
    const { authorized, refusal } = ask(connection, unasked(seen), (said) =>
      said.asked === undefined ? plain : seenFacts(connection, said),
    );
    const asked = authorized.calls.length > 0;
    if (refusal !== undefined) return { text: `${refusal} | ${noShadows}`, asked };
    const facts = asked ? seenFacts(connection, authorized) : plain;
    const decision = decide(facts);
    const { token } = decision;
    if (decision.reason === "jwt") {
      const fault = token?.fault ?? "";
      const status = fault === "Audiences in Jwt are not allowed" ? 403 : 401;
      return { text: `${status} jwt_authn_access_denied{${fault.replaceAll(" ", "_")}} | ${noShadows}`, asked };
    }
    const shadows = shadowsOf(inbound.http, decision, decidedFacts(facts, inbound, decision));
    const said = (kind: string): string => shadows.find((shadow) => shadow.kind === kind)?.result ?? "";
    if (decision.verdict === "deny") {
      // A filter that refuses writes its notes behind its answer.
      const before = decision.reason === "no-allow-matched" ? `deny=${said("dry-run-deny")} allow=` : noShadows;
      return { text: `403 ${denialDetails(inbound.http, decision)} | ${before}`, asked };
    }
    const tail = `deny=${said("dry-run-deny")} allow=${said("dry-run-allow")}`;
    // The id of the last filter that matched stays: AUDIT comes before ALLOW.
    const by = decision.by ?? shadows.find(({ kind }) => kind === "audit")?.by;
    const told = `200 ${token?.changes.path ?? authorized.seen.path} ${idOf(inbound.http, by)}`.trimEnd();
    return { text: `${told} | ${tail}`, asked };
  };
}

const noShadows = "deny= allow=";

function idOf(set: PolicySet, by: { readonly policy: number; readonly rule: number } | undefined): string {
  const policy = by === undefined ? undefined : set.policies[by.policy];
  return policy === undefined || by === undefined ? "" : `${policy.id}-rule[${policy.rules[by.rule]?.index}]`;
}

/** Asks the authorizer as the sidecar does, but for the sockets. `refusal`: status and details. */
function bindAsking(
  set: PolicySet,
): (
  connection: ConnectionFacts,
  start: Authorized,
  facts: (said: Authorized) => RequestFacts,
) => { readonly authorized: Authorized; readonly refusal: string | undefined } {
  const next = bindCustom(set);
  return (connection, start, facts) => {
    let authorized = start;
    let step = next?.(facts(authorized), customStart);
    while (step !== undefined) {
      if (step.kind === "refuse") return { authorized, refusal: `403 ${denialDetails(set, step.decision)}` };
      const { provider, rule, next: cursor } = step;
      const { seen } = authorized;
      const stream = { at: 0, id: "1", protocol: "HTTP/1.1", size: 0 };
      const checked = checkedConnection(connection);
      const result =
        provider.http === undefined
          ? grpcResult(
              grpcCheck(provider, "", checked, set.layer === "tcp" ? undefined : { seen, stream, body: undefined }),
            )
          : readHttpAnswer(provider.http, httpAnswer(httpCheck(provider, provider.http, seen, undefined)), 0);
      const answered = { endpoint: undefined, status: undefined, ms: 0 };
      const judged = judgeAnswer(authorized, { provider, rule, next: cursor, result, ...answered });
      ({ authorized } = judged);
      if (judged.kind === "stop") return { authorized, refusal: `403 ${judged.reason.replaceAll("-", "_")}` };
      step = next?.(facts(authorized), cursor);
    }
    return { authorized, refusal: undefined };
  };
}

function grpcResult({ body }: ReturnType<typeof grpcCheck>): ReturnType<typeof readGrpcAnswer> {
  const { answer, grpcStatus } = answerGrpc(body);
  return readGrpcAnswer({ status: 200, contentType: "application/grpc", body: answer, grpcStatus });
}

function httpAnswer({ headers }: ReturnType<typeof httpCheck>): ReturnType<typeof answerHttp> {
  return answerHttp((name) => headers.find((entry) => entry[0] === name)?.[1]);
}

function checkedConnection({
  peer,
  sourceIp,
  destinationIp,
  destinationPort,
  sni,
}: ConnectionFacts): Parameters<typeof grpcCheck>[2] {
  const principal = peer?.uriSans[0] ?? peer?.dnsSans[0] ?? peer?.subject ?? "";
  return {
    source: { address: sourceIp, port: 0, principal, certificate: "" },
    destination: { address: destinationIp, port: destinationPort, principal: "", certificate: "" },
    sni: sni ?? "",
  };
}

export function envoyHttp({ status, headers }: Reply): string {
  const shadow = headers.get("x-shadow");
  const tail = shadow === undefined ? "" : ` | ${shadow}`;
  if (status !== 200) return `${`${status} ${headers.get("x-details") ?? ""}`.trimEnd()}${status === 400 ? "" : tail}`;
  const by = headers.get("x-by") ?? "-";
  return `${`200 ${headers.get("x-path") ?? ""} ${by === "-" ? "" : by}`.trimEnd()}${tail}`;
}

export function ourTcp({
  inbound,
}: Scenario): (connection: ConnectionFacts) => { readonly allowed: boolean; readonly asked: boolean } {
  const decide = bindPolicies(inbound.tcp);
  const ask = bindAsking(inbound.tcp);
  return (connection) => {
    const facts = tcpFacts(connection);
    const { authorized, refusal } = ask(connection, unasked(noRequest), (said) => withAnswers(facts, said));
    const asked = authorized.calls.length > 0;
    const allowed = refusal === undefined && decide(withAnswers(facts, authorized)).verdict === "allow";
    return { allowed, asked };
  };
}

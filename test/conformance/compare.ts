import { isDeepStrictEqual } from "node:util";
import type { DecisionRecord } from "../../runtime/model/decision.ts";
import { redactTarget } from "../../runtime/policy/redact.ts";
import type { Answer, HttpAnswer, TlsSession } from "../../runtime/predict/payload.ts";
import type { Hit, ProxyFacts, Trace } from "../../runtime/predict/trace.ts";
import type { CaseRequest, ExpectedRequest } from "./case.ts";
import { compareOwn } from "./compare-own.ts";
import { decidedBy, type Difference, outcomeOf } from "./outcome.ts";
import { ownShadows, recordedShadows } from "./shadow.ts";
import { predictedBytes, recordedBytes, sameBody } from "./received.ts";

/** Everything in which a prediction and a recording disagree. */
export function compare(
  request: CaseRequest,
  expected: ExpectedRequest,
  answer: Answer,
  trace: Omit<Trace, "judged">,
): readonly Difference[] {
  if (expected.own !== undefined) return compareOwn(request, expected.own, answer, trace);
  const unstable = expected.unstable ?? [];
  const found: Difference[] = [];
  const check = (what: string, wanted: unknown, actual: unknown): void => {
    const shaky = unstable.some((path) => what === path || what.startsWith(`${path}.`) || what.startsWith(`${path}[`));
    if (!shaky && !isDeepStrictEqual(wanted, actual)) found.push({ what, expected: wanted, actual });
  };
  if (expected.outcome.startsWith("app-rejected")) {
    checkProxies(expected, trace, check, ["path"]);
    return found;
  }
  check("outcome", expected.outcome, outcomeOf(request, answer));
  checkHits(expected, trace.hits, check);
  checkClient(request, expected, answer, check);
  check("deniedBy", expected.deniedBy, decidedBy(trace, "deny"));
  // Recorded only where the server's proxy spoke HTTP with a client that did.
  if (request.raw === undefined && trace.proxies.findLast((proxy) => proxy.side === "inbound")?.code !== 0)
    check("allowedBy", expected.allowedBy, decidedBy(trace, "allow"));
  checkProxies(expected, trace, check, comparedFields);
  return found;
}

type Check = (what: string, wanted: unknown, actual: unknown) => void;

function checkHits(expected: ExpectedRequest, hits: readonly Hit[], check: Check): void {
  check("upstream.length", expected.upstream.length, hits.length);
  for (const [index, wanted] of expected.upstream.entries()) {
    const hit = hits[index];
    if (hit === undefined) return;
    const actual: Readonly<Record<string, unknown>> = { ...hit };
    for (const field of ["workload", "port", "kind", "proto", "method", "uri", "host", "data", "sni"]) {
      check(`upstream[${index}].${field}`, shown(field, wanted[field]), shown(field, actual[field]));
    }
    if (!sameBody(wanted["body"] ?? "", hit.body ?? "")) check(`upstream[${index}].body`, wanted["body"], hit.body);
    if (wanted["headers"] !== undefined)
      checkHeaders(`upstream[${index}].headers`, wanted["headers"], hit.headers ?? [], check);
  }
}

const untold = new Set([
  "x-case-id",
  "date",
  "content-length",
  "x-envoy-upstream-service-time",
  "transfer-encoding",
  "connection",
]);

function checkHeaders(
  what: string,
  wanted: unknown,
  actual: readonly (readonly [string, string])[],
  check: Check,
): void {
  if (typeof wanted !== "object" || wanted === null) return;
  const listed = new Map(Object.entries(wanted).map(([name, value]) => [name, textOf(value)]));
  const had = new Map<string, string>();
  for (const [name, value] of actual) {
    if (untold.has(name) && !listed.has(name)) continue;
    had.set(name, had.has(name) ? `${had.get(name) ?? ""}, ${value}` : value);
  }
  for (const name of new Set([...listed.keys(), ...had.keys()]))
    check(`${what}.${name}`, listed.get(name), placeholder(had.get(name), listed.get(name)));
}

/** Values that differ from run to run stand as their kind. */
function placeholder(value: string | undefined, wanted: string | undefined): string | undefined {
  if (value !== undefined && (wanted === "<date>" || wanted === "<ms>")) return wanted;
  if (value === wanted) return value;
  return value?.replaceAll(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, "<uuid>");
}

function textOf(value: unknown): string {
  return Array.isArray(value) ? value.join(", ") : String(value);
}

function checkClient(request: CaseRequest, expected: ExpectedRequest, answer: Answer, check: Check): void {
  const { client } = expected;
  const session = answer.kind === "tls-failed" ? answer.session : "tls" in answer ? answer.tls : undefined;
  if (client.tls !== undefined) checkSession(client.tls, session, check);
  if (answer.kind === "bytes") {
    check("client.received", client.received, parsed(answer.text));
    return;
  }
  if (answer.kind !== "http") return;
  if (request.raw !== undefined && typeof client.received === "string") {
    const recorded = recordedBytes(client.received);
    check("client.received", recorded, predictedBytes(answer, recorded));
  }
  if (client.status === undefined) return;
  check("client.status", client.status, answer.status);
  // After HEAD the recordings hold a placeholder or nothing, by the client that was used.
  if (request.method === "HEAD") return;
  if (!sameBody(client.body ?? "", answer.body)) check("client.body", client.body, answer.body);
  if (client.headers === undefined) return;
  const closing: HttpAnswer["headers"] = answer.close === true ? [["connection", "close"]] : [];
  checkHeaders("client.headers", client.headers, [...answer.headers, ...closing], check);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function checkSession(wanted: Readonly<Record<string, unknown>>, session: TlsSession | undefined, check: Check): void {
  check("client.tls.version", wanted["version"], session === undefined ? undefined : `TLS 1.${session.version - 10}`);
  check("client.tls.alpn", wanted["alpn"], session?.alpn);
  const uris = session?.server.uriSans ?? [];
  check("client.tls.peer_uris", wanted["peer_uris"] ?? [], uris);
}

const comparedFields = [
  "code",
  "details",
  "flags",
  "route",
  "cluster",
  "peer",
  "upstreamPeer",
  "sni",
  "attempts",
  "protocol",
  "upstreamProtocol",
  "path",
  "termination",
  "filterChain",
  "jwt",
] as const;

/** Access logs by proxy and in order; what only a broken handshake left is not among them. */
function checkProxies(
  expected: ExpectedRequest,
  trace: Omit<Trace, "judged">,
  check: Check,
  fields: readonly (keyof ProxyFacts)[],
): void {
  const wanted = expected.proxies.filter(
    (proxy) => proxy["log"] === "access" && proxy["downstreamTlsFailure"] === undefined,
  );
  const names = new Set(wanted.map((proxy) => proxy["proxy"]));
  for (const name of names) {
    const logs = wanted.filter((proxy) => proxy["proxy"] === name);
    const facts = trace.proxies.filter((proxy) => proxy.proxy === name);
    check(`proxies.${String(name)}.length`, logs.length, facts.length);
    for (const log of logs) {
      // The recorder sorted the logs of a proxy: each belongs to the facts that fit best.
      const [best] = facts.toSorted((a, b) => misfit(log, a, fields) - misfit(log, b, fields));
      if (best === undefined) continue;
      facts.splice(facts.indexOf(best), 1);
      for (const field of unequal(log, best, fields))
        check(`proxies.${String(name)}.${field}`, shown(field, log[field]), shown(field, best[field]));
      if (best.decision !== undefined)
        check(`proxies.${String(name)}.shadow`, recordedShadows(log), ownShadows(best.decision, best.extAuthz));
      if (best.decision !== undefined && best.decision.reason !== "jwt")
        check(`proxies.${String(name)}.token`, recordedPrincipal(log["jwt"]), principalOf(best.decision));
    }
  }
}

type Log = Readonly<Record<string, unknown>>;

function unequal(log: Log, facts: ProxyFacts, fields: readonly (keyof ProxyFacts)[]): readonly (keyof ProxyFacts)[] {
  return fields.filter(
    (field) =>
      !(field === "filterChain" && facts.side === "outbound") &&
      // A runner that cannot tell these leaves them out.
      !((field === "protocol" || field === "upstreamProtocol" || field === "jwt") && !Object.hasOwn(facts, field)) &&
      !isDeepStrictEqual(shown(field, log[field]), shown(field, facts[field])) &&
      !(field === "path" && isRedacted(log, facts)),
  );
}

/** Events hide what looks like a secret; access logs don't. */
function isRedacted(log: Log, facts: ProxyFacts): boolean {
  return facts.path?.includes("***") === true && redactTarget(String(log["path"])) === facts.path;
}

function recordedPrincipal(jwt: unknown): string | undefined {
  const payload: unknown = typeof jwt === "object" && jwt !== null && "payload" in jwt ? jwt.payload : undefined;
  if (typeof payload !== "object" || payload === null) return undefined;
  return `${"iss" in payload ? String(payload.iss) : ""} ${"sub" in payload ? String(payload.sub) : ""}`;
}

function principalOf({ token }: DecisionRecord): string | undefined {
  return token?.verified === true ? `${token.issuer ?? ""} ${token.subject ?? ""}` : undefined;
}

function misfit(log: Log, facts: ProxyFacts, fields: readonly (keyof ProxyFacts)[]): number {
  return unequal(log, facts, fields).length;
}

function shown(field: string, value: unknown): unknown {
  if (value === "") return undefined;
  if (field === "jwt") return shownToken(value);
  if (field === "details" && typeof value === "string") return value.replaceAll(" ", "_").split("|")[0];
  return value;
}

/** A verified payload; times of tokens that were minted when the case ran are as they come. */
function shownToken(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return undefined;
  const payload: unknown = "payload" in value ? value.payload : value;
  if (typeof payload !== "object" || payload === null) return undefined;
  const now = Date.now() / 1000;
  const isFresh = (time: unknown): boolean => typeof time === "number" && Math.abs(time - now) < 7200;
  return Object.fromEntries(
    Object.entries(payload).map(([name, claim]): [string, unknown] => [name, isFresh(claim) ? "<now>" : plain(claim)]),
  );
}

/** Without the missing prototypes of our own parser. */
function plain(value: unknown): unknown {
  return value === undefined ? undefined : JSON.parse(JSON.stringify(value));
}

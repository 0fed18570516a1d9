import type { ExtAuthzProvider, HttpCheckSettings, SeenRequest } from "../../model/ext-authz.ts";
import { checkError, type CheckResult, noQueryChange, noResponseChange } from "./check-result.ts";
import { joinedHeaders } from "./seen-request.ts";

/** A check as it is sent. Header names are lower case. */
export interface HttpCheck {
  readonly method: string;
  readonly path: string;
  readonly authority: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Uint8Array;
}

/** The body as far as a provider is told of it. */
export interface BodySeen {
  readonly bytes: Uint8Array;
  /** Whether it was cut. */
  readonly partial: boolean;
}

/** An answer to a check, read to its end. */
export interface HttpCheckAnswer {
  readonly status: number;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string;
}

/** Of the request itself only its method, path and authority are told, and its credentials (spec CU-20; authorization: recorded, ext-authz/http-and-jwt). */
const alwaysTold: readonly string[] = ["authorization"];

/** The question that Envoy's ext_authz filter asks an HTTP service. `body`: undefined when the provider is told none. */
export function httpCheck(
  provider: ExtAuthzProvider,
  settings: HttpCheckSettings,
  seen: SeenRequest,
  body: BodySeen | undefined,
): HttpCheck {
  const told = bindPatterns(settings.requestHeaders);
  const headers = new Map<string, string>([["content-length", `${body?.bytes.length ?? 0}`]]);
  for (const [name, value] of joinedHeaders(seen.headers)) {
    if (name !== "content-length" && (alwaysTold.includes(name) || told(name))) headers.set(name, value);
  }
  if (body !== undefined) headers.set("x-envoy-auth-partial-body", `${body.partial}`);
  for (const [name, value] of settings.additionalHeaders) headers.set(name, value);
  headers.set("x-envoy-internal", "true");
  headers.set("x-envoy-expected-rq-timeout-ms", `${provider.timeoutMs}`);
  return {
    method: seen.method,
    path: `${settings.pathPrefix}${seen.path}`,
    authority: seen.authority,
    headers: [...headers],
    body: body?.bytes ?? nothing,
  };
}

const nothing = new Uint8Array();
/** Of an answer that refuses these go to the caller whatever the list says. */
const alwaysDown: readonly string[] = ["content-length", "www-authenticate", "location"];
const removedByAuthorizer = "x-envoy-auth-headers-to-remove";

/** 200 allows, 5xx is an error, everything else refuses. `ms`: how long the answer took, which Envoy writes into it. */
export function readHttpAnswer(settings: HttpCheckSettings, answer: HttpCheckAnswer, ms: number): CheckResult {
  const { status } = answer;
  if (status >= 500 && status < 600) return checkError(`it answered ${status}`);
  const headers = answer.headers.filter(([name]) => name !== removedByAuthorizer);
  const down = [
    ...headers.filter(([name]) => name !== "x-envoy-upstream-service-time"),
    ["x-envoy-upstream-service-time", `${Math.round(ms)}`] as const,
  ];
  if (status !== 200) {
    const list = settings.toDownstreamOnDeny;
    const listed = bindPatterns(list);
    const passes = list.length === 0 ? () => true : (name: string) => alwaysDown.includes(name) || listed(name);
    return { kind: "denied", status, headers: down.filter(([name]) => passes(name)), body: answer.body };
  }
  const up = bindPatterns(settings.toUpstreamOnAllow);
  const onAllow = bindPatterns(settings.toDownstreamOnAllow);
  const remove = answer.headers
    .filter(([name]) => name === removedByAuthorizer)
    .flatMap(([, value]) => value.split(","))
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== "");
  return {
    kind: "allowed",
    request: { set: headers.filter(([name]) => up(name)), append: [], remove },
    query: noQueryChange,
    response: { ...noResponseChange, add: down.filter(([name]) => onAllow(name)) },
    notes: undefined,
  };
}

/** `exact`, `prefix*`, `*suffix`, in any letter case; names come in lower case. */
function bindPatterns(patterns: readonly string[]): (name: string) => boolean {
  if (patterns.length === 0) return () => false;
  const tests = patterns.map((written): ((name: string) => boolean) => {
    const pattern = written.toLowerCase();
    if (pattern.startsWith("*")) return (name) => name.endsWith(pattern.slice(1));
    if (pattern.endsWith("*")) return (name) => name.startsWith(pattern.slice(0, -1));
    return (name) => name === pattern;
  });
  return (name) => tests.some((test) => test(name));
}

import type { Answer } from "../../runtime/predict/payload.ts";
import type { Trace } from "../../runtime/predict/trace.ts";
import type { CaseRequest, OwnExpectation } from "./case.ts";
import { decidedBy, type Difference, outcomeOf } from "./outcome.ts";

type Headers = readonly (readonly [string, string])[];

/** What a case of our own says, and that nothing reached an application unless it was let through. */
export function compareOwn(
  request: CaseRequest,
  own: OwnExpectation,
  answer: Answer,
  trace: Omit<Trace, "judged">,
): readonly Difference[] {
  const found: Difference[] = [];
  const check = (what: string, expected: unknown, actual: unknown): void => {
    if (expected !== undefined && expected !== actual) found.push({ what, expected, actual });
  };
  check("outcome", own.outcome, outcomeOf(request, answer));
  // Where nobody speaks TLS with the caller its first record reaches an application as it is: bytes, but no request.
  const hits = trace.hits.filter(
    ({ workload, data }) => workload !== "ext-authz" && data?.startsWith(helloStart) !== true,
  );
  // A gRPC call that is refused has status 200 too.
  const isRefused = own.deniedBy !== undefined || own.details === "ext_authz_denied";
  const isThrough = /^(?:http:2|tcp:)/.test(own.outcome) && !isRefused;
  check("requests that reached an application", isThrough ? 1 : 0, hits.length);
  check("deniedBy", own.deniedBy, decidedBy(trace, "deny"));
  check("allowedBy", own.allowedBy, decidedBy(trace, "allow"));
  check("body", own.body, answer.kind === "http" ? answer.body : undefined);
  checkHeaders("headers", own.headers, answer.kind === "http" ? answer.headers : [], check);
  const [hit] = hits;
  checkHeaders("received", own.received, hit?.headers ?? [], check);
  check("uri", own.uri, hit?.uri);
  check("details", own.details, trace.proxies.find(({ side }) => side === "inbound")?.details);
  return found;
}

/** A TLS record that holds a handshake, in any version. */
const helloStart = "\u0016\u0003";

function checkHeaders(
  what: string,
  wanted: OwnExpectation["headers"],
  actual: Headers,
  check: (what: string, expected: unknown, actual: unknown) => void,
): void {
  for (const [name, value] of Object.entries(wanted ?? {})) {
    const had = actual.filter(([each]) => each.toLowerCase() === name).map(([, each]) => each);
    if (value === "*") check(`${what}.${name}`, true, had.length > 0);
    else check(`${what}.${name}`, value, had.length === 0 ? null : had.join(", "));
  }
}

import type { SourcePosition } from "../core/source.ts";
import type { PredictedCall } from "../predict/call.ts";
import type { AuthorizerAnswer } from "../predict/world.ts";

/** What a case says of a call: `deny` is a refusal by policy or token, `tls-fail` one below policy. */
export type ExpectedVerdict = "allow" | "deny" | "tls-fail";

/** The policy that a case names as the one that decides. Parts that are undefined are not compared. */
export interface WantedPolicy {
  readonly kind: string | undefined;
  readonly namespace: string | undefined;
  readonly name: string;
  readonly rule: number | undefined;
}

export interface Expectation {
  readonly verdict: ExpectedVerdict;
  /** `none`: no policy names the request, the default decides. Undefined: any. */
  readonly by: WantedPolicy | "none" | undefined;
  /** HTTP status that the caller gets. */
  readonly status: number | undefined;
}

/** What is different in the world of a case. */
export interface Given {
  /** Files whose documents are added; one of a known kind and name replaces it. Relative to the project. */
  readonly policies: readonly string[];
  /** What external authorizers say, by provider. */
  readonly authorizers: Readonly<Record<string, AuthorizerAnswer>>;
}

export type CaseToken =
  /** As if every rule had verified a token that says this. */
  | { readonly kind: "claims"; readonly claims: Readonly<Record<string, unknown>> }
  /** Relative to the project. */
  | { readonly kind: "file"; readonly path: string };

/** One call with what is expected of it. A case of a file that lists several callers, methods or paths is several of these. */
export interface TestCase {
  readonly name: string;
  /** Of the case in its file. */
  readonly at: SourcePosition;
  /** Field path of the case: `cases[3]`. */
  readonly field: string;
  readonly call: PredictedCall;
  readonly token: CaseToken | undefined;
  readonly given: Given;
  readonly expected: Expectation;
}

/** `frontend → backend GET /api/data`, as cases without a name are called. */
export function callTitle({ from, to, method, path, port, tls, tcp }: PredictedCall): string {
  const target = port === undefined ? to : `${to}:${port}`;
  const what = tcp === undefined ? `${method} ${path}` : `tcp ${JSON.stringify(tcp)}`;
  return `${from} -> ${target} ${what}${tls === undefined ? "" : ` (${tls})`}`;
}

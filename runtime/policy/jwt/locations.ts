import type { RequestFacts } from "../../model/decision.ts";
import type { JwtProvider, TokenLocation } from "../../model/jwt.ts";
import { compareBytes, queryParameters, withoutParameter } from "./query.ts";
import type { RequestView } from "./request-view.ts";

export interface FoundToken {
  readonly location: TokenLocation;
  readonly token: string;
}

/** All tokens in the places that a rule names: headers, parameters, cookies, each sorted as Envoy keeps them (spec RA-10). */
export function bindLocations(provider: JwtProvider): (view: RequestView) => readonly FoundToken[] {
  const headers = provider.headers.toSorted((a, b) => compareBytes(a.name + a.prefix, b.name + b.prefix));
  const params = [...new Set(provider.params)].toSorted(compareBytes);
  const cookies = [...new Set(provider.cookies)].toSorted(compareBytes);
  return (view) => {
    const found: FoundToken[] = [];
    for (const { name, prefix } of headers) {
      for (const value of linesOf(view, name)) {
        const token = tokenBehind(value, prefix);
        if (token !== undefined) found.push({ location: { kind: "header", name }, token });
      }
    }
    if (params.length > 0 && view.path().includes("?")) {
      const given = queryParameters(view.path());
      for (const name of params) {
        const token = given.get(name)?.[0];
        if (token !== undefined) found.push({ location: { kind: "param", name }, token });
      }
    }
    if (cookies.length > 0) {
      const given = cookiesOf(view.header("cookie"));
      for (const name of cookies) {
        const token = given.get(name);
        if (token !== undefined) found.push({ location: { kind: "cookie", name }, token });
      }
    }
    return found;
  };
}

/** Takes a token out of its place; cookies stay (spec RA-9). */
export function removeToken(view: RequestView, { kind, name }: TokenLocation): void {
  if (kind === "header") view.remove(name);
  else if (kind === "param") view.setPath(withoutParameter(view.path(), name));
}

/** A CORS preflight is not asked for a token (spec RA-8). */
export function isPreflight(facts: RequestFacts): boolean {
  const names = ["origin", "access-control-request-method"];
  return facts.method() === "OPTIONS" && names.every((name) => facts.header(name).some((value) => value !== ""));
}

/** Headers of which Envoy has one entry: repeated lines are one value (errata security 14). */
const joined: ReadonlySet<string> = new Set([
  "accept",
  "accept-encoding",
  "access-control-request-method",
  "authorization",
  "cache-control",
  "content-type",
  "expect",
  "grpc-timeout",
  "origin",
  "te",
  "user-agent",
  "via",
  "x-forwarded-client-cert",
  "x-forwarded-for",
  "x-forwarded-host",
  "x-forwarded-proto",
  "x-request-id",
]);

function linesOf(view: RequestView, name: string): readonly string[] {
  const lines = view.header(name);
  return lines.length > 1 && joined.has(name) ? [lines.join(",")] : lines;
}

/** The prefix may stand anywhere in the value; what cannot begin a token is skipped behind it (errata security 13). */
function tokenBehind(value: string, prefix: string): string | undefined {
  if (prefix === "") return value;
  const at = value.indexOf(prefix);
  if (at < 0) return undefined;
  const rest = value.slice(at + prefix.length);
  const start = rest.search(/[A-Za-z0-9\-_.]/);
  return start < 0 ? value : rest.slice(start);
}

/** The first cookie of each name; quotes around a value are not part of it. */
function cookiesOf(lines: readonly string[]): ReadonlyMap<string, string> {
  const cookies = new Map<string, string>();
  for (const pair of lines.flatMap((line) => line.split(";"))) {
    const equals = pair.indexOf("=");
    if (equals < 0) continue;
    const text = pair.trim();
    const at = text.indexOf("=");
    const name = text.slice(0, at);
    const value = text.slice(at + 1);
    if (!cookies.has(name)) cookies.set(name, /^".*"$/s.test(value) && value.length > 1 ? value.slice(1, -1) : value);
  }
  return cookies;
}

import type { RequestFacts } from "../model/decision.ts";
import type { TokenLocation } from "../model/token.ts";
import { assertNever } from "../core/assert-never.ts";

/**
 * Finds the first location in which a request carries something that would be taken for a token. In doubt it is one: tokens can't be verified
 * yet, and a request with one must not pass as if it had none.
 */
export function bindTokens(locations: readonly TokenLocation[]): (facts: RequestFacts) => TokenLocation | undefined {
  if (locations.length === 0) return () => undefined;
  return (facts) => (isPreflight(facts) ? undefined : locations.find((location) => isFilled(location, facts)));
}

/** A CORS preflight is not asked for a token (spec RA-8). */
function isPreflight(facts: RequestFacts): boolean {
  const names = ["origin", "access-control-request-method"];
  return facts.method() === "OPTIONS" && names.every((name) => facts.header(name).some((value) => value !== ""));
}

function isFilled(location: TokenLocation, facts: RequestFacts): boolean {
  switch (location.kind) {
    case "header": {
      const lines = facts.header(location.name);
      // Repeated lines are one value for Envoy; the prefix may stand anywhere in it (errata security 13, 14).
      return lines.length > 0 && lines.join(",").includes(location.prefix);
    }
    case "param":
      return parameterNames(facts.path()).some((name) => name === location.name || decode(name) === location.name);
    case "cookie":
      return facts.header("cookie").some((line) => cookieNames(line).includes(location.name));
    default:
      return assertNever(location.kind);
  }
}

function parameterNames(path: string): readonly string[] {
  const question = path.indexOf("?");
  if (question < 0) return [];
  return path
    .slice(question + 1)
    .split("&")
    .map((parameter) => parameter.split("=", 1)[0] ?? "");
}

function cookieNames(line: string): readonly string[] {
  return line.split(";").map((cookie) => (cookie.split("=", 1)[0] ?? "").trim());
}

/** Escapes as the bytes that they stand for, and those that are none as they are. */
function decode(name: string): string {
  const bytes = name.replaceAll(/%([0-9a-f]{2})/gi, (_match, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return Buffer.from(bytes, "latin1").toString("utf8");
}

/** `Bearer realm="…", error="invalid_token"`: only the path is cut (spec RA-17, errata security 18). */
export function tokenChallenge(scheme: string, authority: string, path: string): string {
  return `Bearer realm="${scheme}://${authority}${path.slice(0, 256)}", error="invalid_token"`;
}

/** The scheme that a request claims, else that of its connection. */
export function requestScheme(header: (name: string) => readonly string[], tls: boolean): string {
  const claimed = header("x-forwarded-proto")[0]?.toLowerCase();
  if (claimed === "http" || claimed === "https") return claimed;
  return tls ? "https" : "http";
}

/** A request as policies see it when headers that only a verified token may fill are gone (spec RA-11). */
export function withoutHeaders(facts: RequestFacts, names: readonly string[]): RequestFacts {
  if (names.length === 0) return facts;
  return { ...facts, header: (name) => (names.includes(name) ? [] : facts.header(name)) };
}

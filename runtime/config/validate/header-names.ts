import { quote } from "../go-text.ts";

/** Faults of header names, in the words of Istio's validators; each use of a header has its own rules. */

function nameFault(name: string, legal: RegExp): string | undefined {
  if (name === "") return "header name cannot be empty";
  return legal.test(name) ? undefined : `header name ${name} is not a valid header name`;
}

/** A header that a token's claim goes to. */
export function claimHeaderFault(name: string): string | undefined {
  return nameFault(name, /^[-_A-Za-z0-9]+$/);
}

/** A header of a readiness probe. */
export function probeHeaderFault(name: string): string | undefined {
  return nameFault(name, /^[-A-Za-z0-9]+$/);
}

/** RFC 9110 `token`, and a comma, which Istio's expression lets through. */
const token = /^[!#$%&'*+,\-.^_`|~A-Za-z0-9]+$/;

/** A header that CORS allows or exposes. */
export function corsHeaderFault(name: string): string | undefined {
  return name === "*" ? undefined : nameFault(name, token);
}

const pseudoHeaders = [":method", ":scheme", ":authority", ":path", ":status"];

/** A header that a route matches; `@request.auth.claims.name` stands for a claim of the token. */
export function matchHeaderFault(name: string): string | undefined {
  return isClaimRoute(name) || pseudoHeaders.includes(name) ? undefined : nameFault(name, token);
}

export function isClaimRoute(name: string): boolean {
  return /^@request\.auth\.claims(?:\.[^]+|\[[^]+\])$/i.test(name);
}

/** A header that is added to a request: the authority may be. */
export function requestEditFault(name: string): string | undefined {
  if (name === "") return "header name cannot be empty";
  return name.startsWith(":") && name.toLowerCase() !== ":authority"
    ? `invalid header ${quote(name)}: header cannot have ":" prefix`
    : undefined;
}

/** A header that is removed, or changed in a response. */
export function headerEditFault(name: string): string | undefined {
  if (name === "") return "header name cannot be empty";
  if (name.toLowerCase() === "host") return `invalid header ${quote(name)}: cannot set Host header`;
  return name.startsWith(":") ? `invalid header ${quote(name)}: header cannot have ":" prefix` : undefined;
}

export function isAuthorityHeader(name: string): boolean {
  return [":authority", "host"].includes(name.toLowerCase());
}

import { literal, stringPattern } from "./strings.ts";

type Claims = Readonly<Record<string, unknown>>;

/** spec AP-28; without a subject no form matches. */
export function matchesRequestPrincipal(value: string, claims: Claims): boolean {
  const { iss, sub } = claims;
  if (typeof sub !== "string" || typeof iss !== "string") return false;
  if (value === "*") return iss !== "" && sub !== "";
  const slash = value.lastIndexOf("/");
  if (value.startsWith("*")) {
    if (slash < 0) return iss !== "" && sub.endsWith(value.slice(1));
    const issuer = value.slice(0, slash);
    return (issuer === "*" ? iss !== "" : iss.endsWith(issuer.slice(1))) && sub === value.slice(slash + 1);
  }
  if (value.endsWith("*")) {
    if (slash < 0) return iss.startsWith(value.slice(0, -1)) && sub !== "";
    const subject = value.slice(slash + 1);
    return iss === value.slice(0, slash) && (subject === "*" ? sub !== "" : sub.startsWith(subject.slice(0, -1)));
  }
  return slash < 0 ? iss === value && sub === "" : iss === value.slice(0, slash) && sub === value.slice(slash + 1);
}

/** spec AP-44…AP-46: a string, or a list with a string in it, at the end of the path; numbers and booleans never match. */
export function matchesClaim(path: readonly string[], value: string, claims: Claims): boolean {
  let here: unknown = claims;
  for (const name of path) {
    if (typeof here !== "object" || here === null || Array.isArray(here)) return false;
    here = Object.hasOwn(here, name) ? (here as Claims)[name] : undefined;
  }
  const pattern = stringPattern(value);
  const found = Array.isArray(here) ? here : [here];
  return found.some((each) => typeof each === "string" && pattern.test(each));
}

/** `request.auth.claims[a][b]` as `a`, `b`; irregular brackets make one name of all between the first and the last. */
export function claimPath(key: string): readonly string[] {
  const inner = key.slice(key.indexOf("[") + 1, key.lastIndexOf("]"));
  const regular = new RegExp(`^[^${literal("[]")}]+(?:${literal("][")}[^${literal("[]")}]+)*$`);
  return regular.test(inner) ? inner.split("][") : [inner];
}

import type { Clause, Matcher } from "../model/policy.ts";

/** The values of a clause as a user reads them: `ns shop`, `/api/*`. */
export function wordsOf({ attribute, field, values, matchers }: Clause): string {
  if (attribute.kind === "request-principal") return values.map((value) => `principal ${value}`).join(", ");
  if (attribute.kind === "claim" && ["iss", "sub", "aud"].includes(attribute.path[0] ?? ""))
    return values.map((value) => `${attribute.path[0]} ${value}`).join(", ");
  if (attribute.kind !== "peer") return values.map(quoteEmpty).join(", ");
  if (matchers.some(({ kind }) => kind === "service-account")) return matchers.flatMap(accountWords).join(", ");
  if (/namespace/i.test(field)) return values.map((value) => `ns ${value}`).join(", ");
  if (/trustDomain/i.test(field)) return values.map((value) => `trust domain ${value}`).join(", ");
  return values.map((value) => (value === "*" ? "any identity" : value)).join(", ");
}

function accountWords(matcher: Matcher): readonly string[] {
  return matcher.kind === "service-account" ? [`sa ${matcher.namespace}/${matcher.name}`] : [];
}

function quoteEmpty(value: string): string {
  return value === "" ? '""' : value;
}

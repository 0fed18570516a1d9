import type { StringMatch } from "../model/istio-networking.ts";
import { parseDuration } from "./duration.ts";
import type { Refuse } from "./refuse.ts";
import { validateDuration } from "./validate-duration.ts";
import { validateStringMatch } from "./validate-http-match.ts";
import { isRecord } from "./yaml-tree.ts";

const methods: ReadonlySet<unknown> = new Set([
  "GET",
  "HEAD",
  "POST",
  "PUT",
  "PATCH",
  "DELETE",
  "CONNECT",
  "OPTIONS",
  "TRACE",
  "*",
]);

/** `corsPolicy`; its shape was checked before. */
export function validateCors(policy: unknown, field: string, refuse: Refuse): void {
  if (!isRecord(policy)) return;
  for (const [index, origin] of list(policy["allowOrigins"]).entries()) {
    const at = `${field}.allowOrigins[${index}]`;
    if (!isStringMatch(origin)) continue;
    if ((origin.exact ?? "") === "" && (origin.prefix ?? "") === "" && (origin.regex ?? "") === "")
      refuse(at, "an allowed origin needs exact, prefix or regex");
    validateStringMatch(origin, at, refuse);
  }
  for (const [index, method] of list(policy["allowMethods"]).entries()) {
    if (!methods.has(method))
      refuse(
        `${field}.allowMethods[${index}]`,
        `${String(method)} is not an HTTP method that can be allowed`,
        "write it in capitals",
      );
  }
  for (const key of ["allowHeaders", "exposeHeaders"]) {
    for (const [index, name] of list(policy[key]).entries()) {
      if (typeof name === "string" && name !== "*" && !/^[-_A-Za-z0-9]+$/.test(name))
        refuse(`${field}.${key}[${index}]`, `"${name}" is not the name of a header`);
    }
  }
  const { maxAge } = policy;
  if (typeof maxAge !== "string") return;
  validateDuration(maxAge, `${field}.maxAge`, refuse);
  if ((parseDuration(maxAge) ?? 0) % 1000 !== 0) refuse(`${field}.maxAge`, "maxAge counts in whole seconds");
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function isStringMatch(value: unknown): value is StringMatch {
  return isRecord(value);
}

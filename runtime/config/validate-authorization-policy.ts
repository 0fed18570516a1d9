import type { AuthorizationPolicySpec, AuthorizationRule, AuthorizationSource } from "../model/istio-security.ts";
import { checkValues, type FieldCheck, operationChecks, sourceChecks, whenCheck } from "./authorization-values.ts";
import type { Refuse } from "./refuse.ts";
import { validateSelector } from "./validate-selector.ts";
import { validateTargets } from "./validate-targets.ts";

/** Spec VA-0…VA-21; `warn` is for what Istio accepts with a warning. */
export function validateAuthorizationPolicy(spec: AuthorizationPolicySpec, refuse: Refuse, warn: Refuse): void {
  validateTargets(spec, refuse);
  validateSelector(spec.selector, "spec.selector", refuse);
  const action = spec.action ?? "ALLOW";
  const rules = spec.rules ?? [];
  if (action === "CUSTOM") {
    if (rules.length > 0 && (spec.provider?.name ?? "") === "")
      refuse("spec.action", "a CUSTOM policy needs provider.name", "name an extensionProvider of meshConfig");
  } else if (spec.provider !== undefined)
    refuse("spec.provider", `provider belongs to CUSTOM policies, found action ${action}`, "remove provider");
  if ((action === "CUSTOM" || action === "DENY") && rules.length === 0) {
    refuse(
      spec.action === undefined ? "spec" : "spec.action",
      `a ${action} policy without rules never matches`,
      "add an empty rule, `rules: [{}]`, to match every request",
    );
  }
  for (const [index, rule] of rules.entries())
    if (rule !== null) validateRule(rule, `spec.rules[${index}]`, action, refuse);
  if (action === "DENY" && rules.some((rule) => rule !== null && closesTcp(rule))) {
    warn(
      "spec.rules",
      "this DENY policy has only HTTP conditions: on TCP ports in its scope it denies everything",
      "add `ports` to the operation to limit it to HTTP ports",
    );
  }
}

function validateRule(rule: AuthorizationRule, field: string, action: string, refuse: Refuse): void {
  for (const [index, from] of (rule.from ?? []).entries()) {
    const at = `${field}.from[${index}]`;
    validateGroup(from.source, `${at}.source`, "source", sourceChecks, refuse);
    if (isObject(from.source)) validateSource(from.source, `${at}.source`, action, refuse);
  }
  for (const [index, to] of (rule.to ?? []).entries())
    validateGroup(to.operation, `${field}.to[${index}].operation`, "operation", operationChecks, refuse);
  for (const [index, when] of (rule.when ?? []).entries()) {
    const at = `${field}.when[${index}]`;
    if (when.key === "") {
      refuse(`${at}.key`, "a condition needs a key");
      continue;
    }
    if (
      action === "CUSTOM" &&
      (/^source\.(?:namespace|serviceAccount|trustDomain|principal)$/.test(when.key) ||
        when.key.startsWith("request.auth."))
    ) {
      refuse(`${at}.key`, `${when.key} cannot be used with CUSTOM`);
    }
    if ((when.values ?? []).length === 0 && (when.notValues ?? []).length === 0)
      refuse(at, `${when.key}: values or notValues must be set`);
    const check = whenCheck(when.key);
    if (typeof check === "string") refuse(`${at}.key`, check);
    else {
      checkValues(when.values, check, when.key, `${at}.values`, refuse);
      checkValues(when.notValues, check, when.key, `${at}.notValues`, refuse);
    }
  }
}

/** A `source` or `operation`: present, with at least one field that has values. */
function validateGroup(
  group: unknown,
  field: string,
  name: string,
  checks: Readonly<Record<string, FieldCheck>>,
  refuse: Refuse,
): void {
  if (!isObject(group)) {
    refuse(field, `${name} is missing`);
    return;
  }
  const lists = Object.entries(group).filter((entry): entry is [string, readonly string[]] => Array.isArray(entry[1]));
  if (lists.every(([, values]) => values.length === 0))
    refuse(field, `${name} must not be empty`, "name at least one value, or remove the entry");
  for (const [key, values] of lists) {
    const check = checks[key];
    if (check !== undefined) checkValues(values, check, key, `${field}.${key}`, refuse);
  }
}

/** Spec VA-3, VA-9. */
function validateSource(source: AuthorizationSource, field: string, action: string, refuse: Refuse): void {
  if (
    (has(source.serviceAccounts) || has(source.notServiceAccounts)) &&
    (has(source.principals) || has(source.notPrincipals) || has(source.namespaces) || has(source.notNamespaces))
  ) {
    refuse(
      `${field}.serviceAccounts`,
      "serviceAccounts cannot stand beside namespaces or principals",
      "use two entries of `from`, or principals alone",
    );
  }
  if (action !== "CUSTOM") return;
  for (const key of [
    "namespaces",
    "notNamespaces",
    "serviceAccounts",
    "notServiceAccounts",
    "trustDomains",
    "notTrustDomains",
    "principals",
    "notPrincipals",
    "requestPrincipals",
    "notRequestPrincipals",
  ] as const) {
    if (has(source[key])) refuse(`${field}.${key}`, `${key} cannot be used with CUSTOM`);
  }
}

/** Spec VA-19: a DENY rule that has nothing a TCP connection could miss. */
function closesTcp(rule: AuthorizationRule): boolean {
  const from = rule.from ?? [];
  const to = rule.to ?? [];
  const sourceCounts = from.some(({ source }) =>
    [
      source.principals,
      source.notPrincipals,
      source.namespaces,
      source.notNamespaces,
      source.ipBlocks,
      source.notIpBlocks,
      source.remoteIpBlocks,
      source.notRemoteIpBlocks,
      source.serviceAccounts,
      source.notServiceAccounts,
    ].some(has),
  );
  if (to.length > 0) return !to.some(({ operation }) => has(operation.ports) || has(operation.notPorts));
  return from.length > 0 && !sourceCounts;
}

function has(values: readonly string[] | undefined): boolean {
  return (values ?? []).length > 0;
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

import { isCidr, isIpAddress } from "./ip-text.ts";
import { pathTemplateFault } from "./path-template.ts";
import { didYouMean } from "./suggestion.ts";
import type { Refuse } from "./refuse.ts";

/** What one list of values must satisfy: a fault in words, or undefined. */
export interface FieldCheck {
  readonly list?: (values: readonly string[]) => string | undefined;
  readonly value?: (value: string) => string | undefined;
}

const plain: FieldCheck = {};
const addresses: FieldCheck = { value: addressFault };
const ports: FieldCheck = {
  value: (value) => (/^\d{1,9}$/.test(value) && Number(value) <= 65535 ? undefined : `${value} is not a port`),
};
const serviceAccounts: FieldCheck = {
  list: (values) => (values.length > 16 ? "may not have more than 16 values" : undefined),
  value: serviceAccountFault,
};
const trustDomains: FieldCheck = {
  value: (value) => trustDomainFault(value) ?? (value.includes("/") ? `${value}: a trust domain has no /` : undefined),
};
const paths: FieldCheck = { value: pathTemplateFault };

/** Fields of `source`, with their negations (spec VA-10…VA-13). */
export const sourceChecks: Readonly<Record<string, FieldCheck>> = withNegations({
  principals: plain,
  requestPrincipals: plain,
  namespaces: plain,
  serviceAccounts,
  trustDomains,
  ipBlocks: addresses,
  remoteIpBlocks: addresses,
});

/** Fields of `operation`, with their negations. */
export const operationChecks: Readonly<Record<string, FieldCheck>> = withNegations({
  hosts: plain,
  ports,
  methods: plain,
  paths,
});

const simpleKeys: Readonly<Record<string, FieldCheck>> = {
  "source.ip": addresses,
  "remote.ip": addresses,
  "source.namespace": plain,
  "source.serviceAccount": serviceAccounts,
  "source.trustDomain": { value: trustDomainFault },
  "source.principal": plain,
  "request.auth.principal": plain,
  "request.auth.audiences": plain,
  "request.auth.presenter": plain,
  "destination.ip": addresses,
  "destination.port": ports,
  "connection.sni": plain,
};

/** The check of a `when` key, or why the key is refused (spec AP-36…AP-50, VA-15). */
export function whenCheck(key: string): FieldCheck | string {
  const simple = Object.hasOwn(simpleKeys, key) ? simpleKeys[key] : undefined;
  if (simple !== undefined) return simple;
  if (key === "destination.namespace")
    return "destination.namespace: the policy's own namespace says this; remove the condition";
  if (key.startsWith("destination.labels")) return `${key}: use the policy's selector instead`;
  if (key === "destination.name" || key === "destination.user") return `${key} existed only in v1alpha1`;
  const bracketed = ["request.headers", "request.auth.claims", "experimental.envoy.filters."].find((prefix) =>
    key.startsWith(prefix),
  );
  if (bracketed !== undefined) return hasKeyInBrackets(key) ? plain : `${key} should have the form a[b]`;
  const meant = didYouMean(key, [...Object.keys(simpleKeys), "request.headers[name]", "request.auth.claims[name]"]);
  return `unknown condition ${key}${meant === undefined ? "" : `; ${meant}`}`;
}

/** Reports every fault in a list of values. */
export function checkValues(
  values: readonly string[] | undefined,
  check: FieldCheck,
  name: string,
  field: string,
  refuse: Refuse,
): void {
  if (values === undefined) return;
  const whole = check.list?.(values);
  if (whole !== undefined) refuse(field, `${name} ${whole}`);
  for (const [index, value] of values.entries()) {
    const fault = value === "" ? "an empty value is not allowed" : check.value?.(value);
    if (fault !== undefined) refuse(`${field}[${index}]`, `${name}: ${fault}`);
  }
}

function withNegations(checks: Readonly<Record<string, FieldCheck>>): Readonly<Record<string, FieldCheck>> {
  return Object.fromEntries(
    Object.entries(checks).flatMap(([key, check]) => [
      [key, check] as const,
      [`not${key.charAt(0).toUpperCase()}${key.slice(1)}`, check] as const,
    ]),
  );
}

function addressFault(value: string): string | undefined {
  if (value.includes("/")) return isCidr(value) ? undefined : `${value} is not a CIDR range`;
  return isIpAddress(value) ? undefined : `${value} is not an IP address`;
}

function serviceAccountFault(value: string): string | undefined {
  if (value.includes("*")) return `${value}: a service account cannot have a wildcard`;
  if (value.length > 320) return "a value cannot exceed 320 characters";
  const parts = value.split("/");
  if (parts.length > 2) return `${value} must be <service account> or <namespace>/<service account>`;
  if (parts.length === 2 && parts[0] === "") return `${value} has an empty namespace`;
  if (parts.length === 2 && parts[1] === "") return `${value} has an empty service account`;
  return undefined;
}

function trustDomainFault(value: string): string | undefined {
  const stars = value.split("*").length - 1;
  if (stars > 1) return `${value}: at most one wildcard is allowed`;
  if (stars === 1 && !value.startsWith("*") && !value.endsWith("*"))
    return `${value}: a wildcard may stand only at the start or the end`;
  return undefined;
}

/** `a[b]` with something in the brackets. */
function hasKeyInBrackets(key: string): boolean {
  const open = key.indexOf("[");
  return open > 0 && key.endsWith("]") && key.length - open > 2;
}

import { numberFault, quote } from "../go-text.ts";
import { cidrFault, isIpAddress } from "../ip-text.ts";
import type { Decoded } from "../shape.ts";
import type { authorizationPolicy } from "../shapes/authorization-policy.ts";
import { didYouMean } from "../suggestion.ts";
import { pathTemplateFault } from "./path-template.ts";
import type { Report } from "./report.ts";

type Rule = NonNullable<Decoded<typeof authorizationPolicy>["rules"]>[number];
type Source = NonNullable<NonNullable<Rule["from"]>[number]["source"]>;
type Operation = NonNullable<NonNullable<Rule["to"]>[number]["operation"]>;

/** What is wrong with a list of values: the first fault, and the item that has it. */
interface ListFault {
  readonly message: string;
  /** Undefined: the fault is not one item's. */
  readonly item?: number;
  readonly hint?: string;
}

type ListCheck = (name: string, values: readonly string[]) => ListFault | undefined;

/** Every address or port is judged, other lists up to their first fault. */
type EachCheck = (value: string) => string | undefined;

/** Spec VA-7…VA-13. */
export function validateSource(source: Source, rule: number, field: string, report: Report): void {
  if (
    [source.principals, source.notPrincipals, source.namespaces, source.notNamespaces].some(filled) &&
    [source.serviceAccounts, source.notServiceAccounts].some(filled)
  ) {
    report.refuse(
      `${field}.serviceAccounts`,
      `cannot set serviceAccounts with namespaces or principals, found at rule ${rule}`,
      "use two entries of `from`, or principals alone",
    );
  }
  if (!Object.values(source).some(filled))
    report.refuse(
      field,
      `\`from.source\` must not be empty, found at rule ${rule}`,
      "name at least one value, or remove the entry",
    );
  for (const key of ["ipBlocks", "notIpBlocks", "remoteIpBlocks", "notRemoteIpBlocks"] as const)
    refuseEach(source[key], addressFault, `${field}.${key}`, report);
  for (const [key, values] of Object.entries(source)) {
    const check = /serviceAccounts$/i.test(key)
      ? serviceAccountsFault
      : /trustDomains$/i.test(key)
        ? trustDomainsFault
        : emptyFault;
    refuseList(check, key, values, `${field}.${key}`, report);
  }
}

/** Spec VA-8, VA-10, VA-11, VA-16…VA-18. */
export function validateOperation(operation: Operation, rule: number, field: string, report: Report): void {
  if (!Object.values(operation).some(filled))
    report.refuse(
      field,
      `\`to.operation\` must not be empty, found at rule ${rule}`,
      "name at least one value, or remove the entry",
    );
  refuseEach(operation.ports, portTextFault, `${field}.ports`, report);
  refuseEach(operation.notPorts, portTextFault, `${field}.notPorts`, report);
  for (const [key, values] of Object.entries(operation)) {
    refuseList(emptyFault, key, values, `${field}.${key}`, report);
    if (key === "paths" || key === "notPaths") refuseList(pathsFault, key, values, `${field}.${key}`, report);
  }
}

/** The fault of a `when` condition: of its key or of its values (spec VA-14, VA-15; AP-36…AP-50). */
export function conditionFault(key: string, values: readonly string[]): ListFault | undefined {
  return (
    checkItems(values, (value) => (value === "" ? `empty value not allowed, found in ${key}` : undefined)) ??
    keyFault(key, values)
  );
}

const plainKeys = [
  "source.namespace",
  "source.principal",
  "request.auth.principal",
  "request.auth.audiences",
  "request.auth.presenter",
  "connection.sni",
];
const addressKeys = ["source.ip", "remote.ip", "destination.ip"];

function keyFault(key: string, values: readonly string[]): ListFault | undefined {
  if (
    ["request.headers", "request.auth.claims", "experimental.envoy.filters."].some((prefix) => key.startsWith(prefix))
  )
    return hasKeyInBrackets(key) ? undefined : { message: `bad key (${key}): should have format a[b]` };
  if (plainKeys.includes(key)) return undefined;
  if (addressKeys.includes(key)) return allFaults(values, addressFault);
  if (key === "destination.port") return allFaults(values, portTextFault);
  if (key === "source.serviceAccount") return serviceAccountsFault(key, values);
  if (key === "source.trustDomain") return wildcardsFault(key, values);
  if (key === "destination.namespace")
    return { message: `attribute ${key} is replaced by the metadata.namespace`, hint: "remove the condition" };
  if (key.startsWith("destination.labels"))
    return { message: `attribute ${key} is replaced by the workload selector`, hint: "use spec.selector" };
  if (key === "destination.name" || key === "destination.user")
    return { message: `deprecated attribute ${key}: only supported in v1alpha1` };
  const known = [...plainKeys, ...addressKeys, "destination.port", "source.serviceAccount", "source.trustDomain"];
  const meant = didYouMean(key, [...known, "request.headers[name]", "request.auth.claims[name]"]);
  return { message: `unknown attribute: ${key}`, ...(meant === undefined ? {} : { hint: meant }) };
}

/** `a[b]` with something in the brackets. */
function hasKeyInBrackets(key: string): boolean {
  const open = key.indexOf("[");
  return open > 0 && key.endsWith("]") && key.length - open > 2;
}

const emptyFault: ListCheck = (name, values) =>
  checkItems(values, (value) => (value === "" ? `empty value not allowed, found in ${name}` : undefined));

const wildcardsFault: ListCheck = (name, values) =>
  emptyFault(name, values) ??
  checkItems(values, (value) => {
    const stars = value.split("*").length - 1;
    if (stars > 1) return `at most one wildcard is allowed, found in ${name}: ${quote(value)}`;
    return stars === 1 && !value.startsWith("*") && !value.endsWith("*")
      ? `wildcard is only allowed at the start or end, found in ${name}: ${quote(value)}`
      : undefined;
  });

const trustDomainsFault: ListCheck = (name, values) =>
  wildcardsFault(name, values) ??
  checkItems(values, (value) =>
    value.includes("/") ? `trust domain must not contain '/', found in ${name}: ${quote(value)}` : undefined,
  );

const serviceAccountsFault: ListCheck = (name, values) => {
  if (values.length > 16) return { message: "may not have more than 16 values" };
  const format = "expected format 'serviceAccount' or 'namespace/serviceAccount', found";
  return checkItems(values, (value) => {
    if (value === "") return `empty value not allowed, found in ${name}`;
    if (value.includes("*")) return `wildcard not allowed, found in ${name}`;
    const parts = value.split("/");
    if (parts.length > 2) return `${format} ${quote(value)} in ${name}`;
    if (new TextEncoder().encode(value).length > 320)
      return `value cannot exceed 320 characters, found ${quote(value)} in ${name}`;
    if (parts.length === 2 && parts[0] === "") return `${format} empty namespace ${quote(value)} in ${name}`;
    return parts.length === 2 && parts[1] === ""
      ? `${format} empty serviceAccount ${quote(value)} in ${name}`
      : undefined;
  });
};

const pathsFault: ListCheck = (name, values) => checkItems(values, (value) => pathTemplateFault(value, name));

const addressFault: EachCheck = (value) => {
  if (!value.includes("/")) return isIpAddress(value) ? undefined : `bad IP address (${value})`;
  const fault = cidrFault(value);
  return fault === undefined ? undefined : `bad CIDR range (${value}): ${fault}`;
};

const portTextFault: EachCheck = (value) => {
  const fault = numberFault("ParseUint", value);
  return fault !== undefined || Number(value) > 65535 ? `bad port (${value}): ${fault ?? "<nil>"}` : undefined;
};

function checkItems(values: readonly string[], check: EachCheck): ListFault | undefined {
  for (const [item, value] of values.entries()) {
    const message = check(value);
    if (message !== undefined) return { message, item };
  }
  return undefined;
}

/** Several faults of one condition are one message. */
function allFaults(values: readonly string[], check: EachCheck): ListFault | undefined {
  const faults = values.flatMap((value, item) => {
    const message = check(value);
    return message === undefined ? [] : [{ message, item }];
  });
  const [first] = faults;
  if (first === undefined) return undefined;
  const count = faults.length === 1 ? "1 error occurred" : `${faults.length} errors occurred`;
  return { item: first.item, message: `${count}:\n${faults.map(({ message }) => `\t* ${message}\n`).join("")}\n` };
}

function refuseList(check: ListCheck, key: string, values: readonly string[], field: string, report: Report): void {
  const fault = check(`${key.charAt(0).toUpperCase()}${key.slice(1)}`, values);
  if (fault !== undefined)
    report.refuse(fault.item === undefined ? field : `${field}[${fault.item}]`, fault.message, fault.hint);
}

function refuseEach(values: readonly string[] | undefined, check: EachCheck, field: string, report: Report): void {
  for (const [index, value] of (values ?? []).entries()) {
    const fault = check(value);
    if (fault !== undefined) report.refuse(`${field}[${index}]`, fault);
  }
}

function filled(values: readonly string[] | undefined): boolean {
  return (values ?? []).length > 0;
}

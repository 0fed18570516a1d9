import type { Decoded } from "../shape.ts";
import type { authorizationPolicy } from "../shapes/authorization-policy.ts";
import { conditionFault, validateOperation, validateSource } from "./authorization-values.ts";
import type { Report } from "./report.ts";
import { validateAttachment } from "./selector.ts";

type Spec = Decoded<typeof authorizationPolicy>;
type Rule = NonNullable<Spec["rules"]>[number];
type Source = NonNullable<NonNullable<NonNullable<Rule["from"]>[number]["source"]>>;

const addEmptyRule = "add an empty rule, `rules: [{}]`, to match every request";

/** Spec VA-0…VA-21. */
export function validateAuthorizationPolicy(
  spec: Spec,
  subject: { readonly name: string; readonly namespace: string },
  outer: Report,
): void {
  const report: Report = {
    ...outer,
    refuse: (field, message, hint) => {
      outer.refuse(field, `invalid policy ${subject.name}.${subject.namespace}: ${message}`, hint);
    },
  };
  validateAttachment(spec, report);
  const { action = "ALLOW", provider } = spec;
  const rules = spec.rules ?? [];
  const actionField = spec.action === undefined ? "spec" : "spec.action";
  if (action === "CUSTOM") {
    if (rules.length === 0) report.refuse(actionField, meaningless(action), addEmptyRule);
    else if ((provider?.name ?? "") === "")
      report.refuse("spec.action", "`provider.name` must not be empty", "name an extensionProvider of meshConfig");
    for (const [index, rule] of rules.entries()) refuseWithCustom(rule, `spec.rules[${index}]`, report);
  } else if (provider !== undefined) {
    report.refuse(
      "spec.provider",
      `\`provider\` must not be with non CUSTOM action, found ${action}`,
      "remove provider, or write action: CUSTOM",
    );
  }
  if (action === "DENY" && rules.length === 0) report.refuse(actionField, meaningless(action), addEmptyRule);
  for (const [index, rule] of rules.entries()) {
    validateRule(rule, index, report);
    if (action === "DENY" && closesTcp(rule)) {
      report.warn(
        `spec.rules[${index}]`,
        "configured AuthorizationPolicy will deny all traffic to TCP ports under its scope due to the use of only HTTP attributes in a DENY rule; it is recommended to explicitly specify the port",
        "add `ports` to the operation to limit it to HTTP ports",
      );
    }
  }
}

function meaningless(action: string): string {
  return `${action} action without \`rules\` is meaningless as it will never be triggered, add an empty rule \`{}\` if you want it be triggered for every request`;
}

function validateRule(rule: Rule, number: number, report: Report): void {
  const field = `spec.rules[${number}]`;
  for (const [index, from] of (rule.from ?? []).entries()) {
    const at = `${field}.from[${index}].source`;
    if (from.source === undefined) report.refuse(at, `\`from.source\` must not be nil, found at rule ${number}`);
    else validateSource(from.source, number, at, report);
  }
  for (const [index, to] of (rule.to ?? []).entries()) {
    const at = `${field}.to[${index}].operation`;
    if (to.operation === undefined) report.refuse(at, `\`to.operation\` must not be nil, found at rule ${number}`);
    else validateOperation(to.operation, number, at, report);
  }
  for (const [index, condition] of (rule.when ?? []).entries()) {
    const at = `${field}.when[${index}]`;
    const { key = "", values = [], notValues = [] } = condition;
    if (key === "") report.refuse(`${at}.key`, "`key` must not be empty");
    else if (values.length === 0 && notValues.length === 0)
      report.refuse(at, `at least one of \`values\` or \`notValues\` must be set for key ${key}`);
    else {
      refuseCondition("value", values, `${at}.values`, key, at, report);
      refuseCondition("notValue", notValues, `${at}.notValues`, key, at, report);
    }
  }
}

function refuseCondition(
  name: "value" | "notValue",
  values: readonly string[],
  field: string,
  key: string,
  condition: string,
  report: Report,
): void {
  const fault = conditionFault(key, values);
  if (fault === undefined) return;
  const at = fault.item === undefined ? `${condition}.key` : `${field}[${fault.item}]`;
  report.refuse(at, `invalid \`${name}\` for \`key\` ${key}: ${fault.message}`, fault.hint);
}

const sourcesWithoutCustom = [
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
] as const;

/** Spec VA-3. */
function refuseWithCustom(rule: Rule, field: string, report: Report): void {
  for (const [index, { source = {} }] of (rule.from ?? []).entries()) {
    for (const key of sourcesWithoutCustom) {
      if ((source[key] ?? []).length > 0)
        report.refuse(
          `${field}.from[${index}].source.${key}`,
          `From.${key.charAt(0).toUpperCase()}${key.slice(1)} is currently not supported with CUSTOM action`,
        );
    }
  }
  for (const [index, { key = "" }] of (rule.when ?? []).entries()) {
    if (
      ["source.namespace", "source.serviceAccount", "source.trustDomain", "source.principal"].includes(key) ||
      key.startsWith("request.auth.")
    )
      report.refuse(`${field}.when[${index}].key`, `${key} is currently not supported with CUSTOM action`);
  }
}

/** Spec VA-19: a DENY rule that has nothing a TCP connection could miss. */
function closesTcp(rule: Rule): boolean {
  const sources = (rule.from ?? []).flatMap(({ source }) => source ?? []);
  const operations = (rule.to ?? []).flatMap(({ operation }) => operation ?? []);
  if (operations.length > 0)
    return !operations.some(({ ports = [], notPorts = [] }) => ports.length > 0 || notPorts.length > 0);
  return sources.length > 0 && !sources.some(judgesConnections);
}

/** Trust domains do not count here, although they are of the connection. */
function judgesConnections(source: Source): boolean {
  return [
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
  ].some((values) => (values ?? []).length > 0);
}

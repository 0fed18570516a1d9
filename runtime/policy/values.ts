import type { Matcher, TextMatcher } from "../model/policy.ts";
import { parseRange } from "./address.ts";
import { bindTemplate, isTemplate } from "./template.ts";

/** How values of each kind of field become matchers. Undefined: a value that Istio's builder can't use (spec AP-69). */
export type ValueCompiler = (value: string) => readonly Matcher[] | undefined;

const scheme = "spiffe://";

/** exact, `prefix*`, `*suffix`, `*`; a leading star wins over a trailing one (spec AP-18). */
function stringMatcher(value: string, star: TextMatcher): TextMatcher {
  if (value === "*") return star;
  if (value.startsWith("*")) return { kind: "suffix", value: value.slice(1) };
  if (value.endsWith("*")) return { kind: "prefix", value: value.slice(0, -1) };
  return { kind: "exact", value };
}

/** Fields over headers: a star is a mere presence test. */
export const headerValue: ValueCompiler = (value) => [stringMatcher(value, { kind: "present", nonEmpty: false })];

/** Fields over plain strings: a star needs one character. */
export const textValue: ValueCompiler = (value) => [stringMatcher(value, { kind: "present", nonEmpty: true })];

/** Case-insensitive: values are compared in lower case (spec AP-30). */
export const hostValue: ValueCompiler = (value) => headerValue(value.toLowerCase());

export const pathValue: ValueCompiler = (value) => {
  if (!isTemplate(value)) return textValue(value);
  return bindTemplate(value) === undefined ? undefined : [{ kind: "template", value }];
};

/** spec AP-20 */
export const principalValue: ValueCompiler = (value) => {
  if (value === "*") return [{ kind: "present", nonEmpty: true }];
  if (value.startsWith("*")) return [{ kind: "affix", prefix: scheme, suffix: value.slice(1) }];
  if (value.endsWith("*")) return [{ kind: "prefix", value: scheme + value.slice(0, -1) }];
  return [{ kind: "exact", value: scheme + value }];
};

/** spec AP-22: every star stands for anything. */
export const namespaceValue: ValueCompiler = (value) => {
  const parts = `/ns/${value}/`.split("*").filter((part) => part !== "");
  return [{ kind: "sequence", parts }];
};

/** spec AP-23: `<account>` in the policy's own namespace, or `<namespace>/<account>`. */
export function serviceAccountValue(policyNamespace: string): ValueCompiler {
  return (value) => {
    const slash = value.indexOf("/");
    const namespace = slash < 0 ? policyNamespace : value.slice(0, slash);
    return [{ kind: "service-account", namespace, name: value.slice(slash + 1) }];
  };
}

/** spec AP-24 */
export const trustDomainValue: ValueCompiler = (value) => {
  if (value === "*") return [{ kind: "prefix", value: scheme }];
  if (value.startsWith("*")) return [{ kind: "trust-domain", before: "", after: value.slice(1) }];
  if (value.endsWith("*")) return [{ kind: "trust-domain", before: value.slice(0, -1), after: "" }];
  return [{ kind: "prefix", value: `${scheme}${value}/` }];
};

export const addressValue: ValueCompiler = (value) =>
  parseRange(value) === undefined ? undefined : [{ kind: "cidr", value }];

export const portValue: ValueCompiler = (value) => {
  const port = /^[0-9]{1,5}$/.test(value) ? Number(value) : -1;
  return port >= 0 && port <= 65535 ? [{ kind: "port", value: port }] : undefined;
};

/** The last slash parts issuer and subject; a star at one end leaves that end open (spec AP-28). */
export const requestPrincipalValue: ValueCompiler = (value) => {
  const slash = value.lastIndexOf("/");
  const parted = slash >= 0;
  const issuer = parted ? value.slice(0, slash) : value;
  const subject = value.slice(slash + 1);
  const principal = (iss: TextMatcher, sub: TextMatcher): readonly Matcher[] => [
    { kind: "request-principal", issuer: iss, subject: sub },
  ];
  if (value === "*") return principal(something, something);
  if (value.startsWith("*")) {
    if (!parted) return principal(something, { kind: "suffix", value: value.slice(1) });
    return principal(issuer === "*" ? something : { kind: "suffix", value: issuer.slice(1) }, exactly(subject));
  }
  if (value.endsWith("*")) {
    if (!parted) return principal({ kind: "prefix", value: value.slice(0, -1) }, something);
    return principal(exactly(issuer), subject === "*" ? something : { kind: "prefix", value: subject.slice(0, -1) });
  }
  return principal(exactly(issuer), exactly(parted ? subject : ""));
};

const something: TextMatcher = { kind: "present", nonEmpty: true };

function exactly(value: string): TextMatcher {
  return { kind: "exact", value };
}

/** `[v]` asks for a list that holds v, everything else for a text (spec AP-50). */
export const metadataValue: ValueCompiler = (value) => {
  if (!value.startsWith("[") || !value.endsWith("]")) return textValue(value);
  const of = stringMatcher(value.replaceAll(/^[[\]]+|[[\]]+$/g, ""), something);
  return [{ kind: "listed", of }];
};

import { isIpAddress } from "./ip-text.ts";

/** DNS label as Istio's validators read it: upper case is allowed. */
export function isLabel(text: string): boolean {
  return text.length <= 63 && /^[A-Za-z0-9](?:[-A-Za-z0-9]*[A-Za-z0-9])?$/.test(text);
}

/** Why a text is not a domain name, or undefined when it is one. A trailing dot is allowed. */
export function domainFault(domain: string): string | undefined {
  if (domain === "") return "an empty host is not allowed";
  if (domain.length > 255) return `${domain.slice(0, 40)}…: a host has at most 255 characters`;
  const labels = domain.split(".");
  const top = labels.at(-1) ?? "";
  if (/^[+-]?\d+$/.test(top)) return `${domain}: the last part of a host cannot be a number`;
  const bad = labels.find(
    (label, index) => !(label === "" && index === labels.length - 1 && index > 0) && !isLabel(label),
  );
  if (bad === undefined) return undefined;
  const hint = domain.includes("/")
    ? "; a host has no scheme or path"
    : /:\d+$/.test(domain)
      ? "; a host has no port"
      : "";
  return `${domain} is not a host name: "${bad}" is not allowed in it${hint}`;
}

/** The same for names whose first label may be `*` or begin with it. */
function wildcardDomainFault(domain: string): string | undefined {
  if (domain === "*") return undefined;
  if (domain === "" || domain.length > 255) return domainFault(domain);
  const dot = domain.indexOf(".");
  const first = dot === -1 ? domain : domain.slice(0, dot);
  if (first === "*" || (first.startsWith("*") && isLabel(first.slice(1).replace(/^-/, ""))))
    return dot === -1 ? undefined : domainFault(domain.slice(dot + 1));
  return domainFault(domain);
}

/** A host that is a name, a wildcard name or an address. */
export function hostFault(host: string): string | undefined {
  return isIpAddress(host) ? undefined : wildcardDomainFault(host);
}

/** Spec traffic 10.2.17: exportTo of VirtualService and DestinationRule. */
export function exportToFault(values: readonly string[], namespace: string): string | undefined {
  const seen = new Set<string>();
  for (const value of values) {
    if (value === "~") return "exportTo ~ (nobody) is not allowed here";
    if (value !== "." && value !== "*" && !isLabel(value)) return `exportTo: ${value} must be ".", "*" or a namespace`;
    const name = value === "." ? namespace : value;
    if (seen.has(name)) return `exportTo names ${name} twice`;
    seen.add(name);
  }
  return seen.has("*") && seen.size > 1 ? 'exportTo cannot name "*" beside others' : undefined;
}

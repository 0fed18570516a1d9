import { quote } from "./go-text.ts";
import { isIpAddress } from "./ip-text.ts";

/** DNS label as Istio's validators read it: upper case is allowed. */
export function isLabel(text: string): boolean {
  return text.length <= 63 && /^[A-Za-z0-9](?:[-A-Za-z0-9]*[A-Za-z0-9])?$/.test(text);
}

/** Why a text is not a domain name, in Istio's words, or undefined when it is one. A trailing dot is allowed. */
export function domainFault(domain: string): string | undefined {
  return lengthFault(domain) ?? labelsFault(domain);
}

/** The same for names whose first label may be `*` or begin with it. */
export function wildcardDomainFault(domain: string): string | undefined {
  const long = lengthFault(domain);
  if (long !== undefined) return long;
  const dot = domain.indexOf(".");
  const first = dot === -1 ? domain : domain.slice(0, dot);
  const isWildcard = first.length <= 63 && /^(?:\*|(?:\*|\*-)?[A-Za-z0-9](?:[-A-Za-z0-9]*[A-Za-z0-9])?)$/.test(first);
  if (!isWildcard) return `domain name ${quote(domain)} invalid (label ${quote(first)} invalid)`;
  return dot === -1 ? undefined : labelsFault(domain.slice(dot + 1));
}

/** What to write instead of a host that is a URL or has a port. */
export function hostHint(host: string): string | undefined {
  return host.includes("/") ? "a host has no scheme or path" : /:\d+$/.test(host) ? "a host has no port" : undefined;
}

function lengthFault(domain: string): string | undefined {
  if (new TextEncoder().encode(domain).length > 255) return `domain name ${quote(domain)} too long (max 255)`;
  return domain === "" ? "empty domain name not allowed" : undefined;
}

function labelsFault(domain: string): string | undefined {
  const labels = domain.split(".");
  const top = labels.at(-1) ?? "";
  if (/^[+-]?\d+$/.test(top))
    return `domain name ${quote(domain)} invalid (top level domain ${quote(top)} cannot be all-numeric)`;
  for (const [index, label] of labels.entries()) {
    if (index === labels.length - 1 && label === "") return undefined;
    if (!isLabel(label)) return `domain name ${quote(domain)} invalid (label ${quote(label)} invalid)`;
  }
  return undefined;
}

export function ipFault(address: string): string | undefined {
  return isIpAddress(address) ? undefined : `${address} is not a valid IP`;
}

import type { RouteTable, VirtualHost } from "../model/snapshot.ts";

/** The host of an authority, lower case, without its port: what domains are compared with (spec traffic 1.5.2). */
export function hostOf(authority: string): string {
  const bracket = authority.startsWith("[") ? authority.indexOf("]") : -1;
  const colon = authority.indexOf(":", bracket + 1);
  return (colon === -1 ? authority : authority.slice(0, colon)).toLowerCase();
}

/** Exact domain, then the longest `*suffix`, then the longest `prefix*`, then `*` (spec traffic 1.5.4). The first owner of a domain keeps it. */
export function bindRouteTable(
  table: Pick<RouteTable, "virtualHosts">,
): (authority: string) => VirtualHost | undefined {
  const exact = new Map<string, VirtualHost>();
  const suffixes = new Map<string, VirtualHost>();
  const prefixes = new Map<string, VirtualHost>();
  let any: VirtualHost | undefined;
  for (const host of table.virtualHosts) {
    for (const domain of host.domains) {
      if (domain === "*") any ??= host;
      else if (domain.startsWith("*")) claim(suffixes, domain.slice(1), host);
      else if (domain.endsWith("*")) claim(prefixes, domain.slice(0, -1), host);
      else claim(exact, domain, host);
    }
  }
  const suffixLengths = lengths(suffixes);
  const prefixLengths = lengths(prefixes);
  return (authority) => {
    const name = hostOf(authority);
    const found = exact.get(name);
    if (found !== undefined) return found;
    // A wildcard stands for at least one character.
    for (const length of suffixLengths) {
      if (name.length <= length) continue;
      const owner = suffixes.get(name.slice(name.length - length));
      if (owner !== undefined) return owner;
    }
    for (const length of prefixLengths) {
      if (name.length <= length) continue;
      const owner = prefixes.get(name.slice(0, length));
      if (owner !== undefined) return owner;
    }
    return any;
  };
}

function claim(owners: Map<string, VirtualHost>, domain: string, host: VirtualHost): void {
  if (!owners.has(domain)) owners.set(domain, host);
}

function lengths(owners: ReadonlyMap<string, VirtualHost>): readonly number[] {
  return [...new Set([...owners.keys()].map((domain) => domain.length))].toSorted((a, b) => b - a);
}

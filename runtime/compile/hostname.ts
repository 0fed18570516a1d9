/** Names of hosts as Istio's configuration uses them (spec traffic 1.4). */

const domainSuffix = "cluster.local";

/** A name without a dot belongs to the resource's namespace; anything else is taken as it is (spec traffic 1.4.2). */
export function resolveHost(host: string, namespace: string): string {
  if (host === "" || host === "*" || host.includes(".")) return host;
  return `${host}.${namespace}.svc.${domainSuffix}`;
}

export function isWildcard(host: string): boolean {
  return host.startsWith("*");
}

/** Whether an exact host is covered by a host that may be a wildcard; `*.foo.com` does not cover `foo.com` (spec traffic 1.4.5). */
export function covers(pattern: string, host: string): boolean {
  if (!isWildcard(pattern)) return pattern === host;
  const suffix = pattern.slice(1);
  return host.length > suffix.length && host.endsWith(suffix);
}

/** Hosts with what belongs to them: exact ones by name, wildcards from the longest to the shortest. */
export interface HostIndex<Value> {
  readonly exact: ReadonlyMap<string, Value>;
  readonly wildcards: readonly (readonly [pattern: string, value: Value])[];
}

/** The first value given for a host keeps it. */
export function indexHosts<Value>(entries: Iterable<readonly [host: string, value: Value]>): HostIndex<Value> {
  const exact = new Map<string, Value>();
  const wildcards = new Map<string, Value>();
  for (const [host, value] of entries) {
    const map = isWildcard(host) ? wildcards : exact;
    if (!map.has(host)) map.set(host, value);
  }
  return { exact, wildcards: [...wildcards].toSorted((a, b) => b[0].length - a[0].length) };
}

/** Exact beats wildcards, a longer wildcard beats a shorter one (spec traffic 2.1.7, 3.8.2). */
export function mostSpecific<Value>(index: HostIndex<Value>, host: string): Value | undefined {
  return index.exact.get(host) ?? index.wildcards.find(([pattern]) => covers(pattern, host))?.[1];
}

export interface Domains {
  readonly all: readonly string[];
  /** Those made by shortening: a host that really has such a name keeps it (spec traffic 1.5.5). */
  readonly expanded: ReadonlySet<string>;
}

/** Every name under which a client of `clientNamespace` may call a service and its aliases; `address` is the VIP or `None` (spec traffic 1.5.3). */
export function domainsOf(
  hostnames: readonly { readonly name: string; readonly namespace: string; readonly hostname: string }[],
  address: string | undefined,
  clientNamespace: string,
): Domains {
  const all: string[] = [];
  const expanded = new Set<string>();
  for (const { name, namespace, hostname } of hostnames) {
    const short = namespace === clientNamespace ? [name] : [];
    const alternatives = [...short, `${hostname}.`, `${name}.${namespace}`, `${name}.${namespace}.svc`];
    all.push(hostname, ...alternatives);
    for (const domain of alternatives) expanded.add(domain);
  }
  if (address === "None") all.push(...all.map((domain) => `*.${domain}`));
  else if (address !== undefined) all.push(address);
  return { all: all.map((domain) => domain.toLowerCase()), expanded };
}

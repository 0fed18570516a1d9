/** A host of a VirtualService or DestinationRule as Istio resolves it: a name without a dot belongs to the resource's namespace (spec traffic 1.4.2). */
export function resolveHost(host: string, namespace: string): string {
  return host === "" || host.includes("*") || host.includes(".") || host.includes(":")
    ? host
    : `${host}.${namespace}.svc.cluster.local`;
}

/** Whether a host, possibly with a leading wildcard, covers a name (spec traffic 1.4.5). */
export function hostCovers(host: string, name: string): boolean {
  return host.startsWith("*") ? name.endsWith(host.slice(1)) && name.length > host.length - 1 : host === name;
}

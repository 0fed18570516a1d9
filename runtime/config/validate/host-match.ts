/** Whether two hosts, either of which may begin with `*`, can mean the same name. */
export function hostsMatch(one: string, other: string): boolean {
  if (one.startsWith("*")) {
    if (!other.startsWith("*")) return other.endsWith(one.slice(1));
    return one.length < other.length ? other.slice(1).endsWith(one.slice(1)) : one.slice(1).endsWith(other.slice(1));
  }
  return other.startsWith("*") ? one.endsWith(other.slice(1)) : one === other;
}

/** Whether every name that `host` means is one of `outer`. */
export function isSubsetOf(host: string, outer: string): boolean {
  if (host.startsWith("*"))
    return outer.startsWith("*") && host.length >= outer.length && host.slice(1).endsWith(outer.slice(1));
  return outer.startsWith("*") ? host.endsWith(outer.slice(1)) : host === outer;
}

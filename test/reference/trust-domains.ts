/** spec AP-60…AP-64; `domains`: the mesh's own, then its aliases. */

export function principalsOf(value: string, domains: readonly string[]): readonly string[] {
  const pieces = value.split("/");
  const own = pieces[0] ?? "";
  if (pieces.length !== 5 || own === "*") return [value];
  if (own !== "cluster.local" && !domains.some((domain) => areAlike(own, domain))) return [value];
  const written: string[] = [];
  for (const domain of domains) {
    const swapped =
      own.startsWith("*") && domain.endsWith(own.slice(1)) ? value : [domain, ...pieces.slice(1)].join("/");
    if (!written.includes(swapped)) written.push(swapped);
  }
  return written;
}

export function trustDomainsOf(value: string, domains: readonly string[]): readonly string[] {
  return domains.includes(value) ? domains : [value];
}

/** Equal, or one of them is a pattern with a star at an end that the other fits. */
function areAlike(one: string, other: string): boolean {
  const fits = (pattern: string, text: string): boolean =>
    (pattern.startsWith("*") && text.endsWith(pattern.slice(1))) ||
    (pattern.endsWith("*") && text.startsWith(pattern.slice(0, -1)));
  return one === other || fits(one, other) || fits(other, one);
}

/**
 * A principal as every trust domain of the mesh would write it (spec AP-60…AP-63). `trustDomains`: the mesh's own first, then its aliases.
 */
export function migratePrincipal(principal: string, trustDomains: readonly string[]): readonly string[] {
  const parts = principal.split("/");
  const [domain, ...rest] = parts;
  if (domain === undefined || parts.length !== 5 || domain === "*") return [principal];
  if (domain !== "cluster.local" && !trustDomains.some((known) => fits(domain, known))) return [principal];
  const migrated = trustDomains.map((known) => (isSuffixOf(known, domain) ? principal : [known, ...rest].join("/")));
  return [...new Set(migrated)];
}

/** A `trustDomains` value: a trust domain of the mesh stands for all of them, anything else for itself (spec AP-64). */
export function migrateTrustDomain(value: string, trustDomains: readonly string[]): readonly string[] {
  return trustDomains.includes(value) ? trustDomains : [value];
}

function fits(a: string, b: string): boolean {
  return a === b || isPrefixOf(a, b) || isPrefixOf(b, a) || isSuffixOf(a, b) || isSuffixOf(b, a);
}

/** `pattern` ends in a star and fits the beginning of `text`. */
function isPrefixOf(text: string, pattern: string): boolean {
  return pattern.endsWith("*") && text.startsWith(pattern.slice(0, -1));
}

/** `pattern` begins with a star and fits the end of `text`. */
function isSuffixOf(text: string, pattern: string): boolean {
  return pattern.startsWith("*") && text.endsWith(pattern.slice(1));
}

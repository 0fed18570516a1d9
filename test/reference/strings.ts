/** The shapes of spec 5.4, 5.5 and 5.8 as regular expressions over a whole text, as Istio writes them. */

function whole(pattern: string): RegExp {
  return new RegExp(`^(?:${pattern})$`, "s");
}

export function literal(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\/]/g, String.raw`\$&`);
}

/** spec AP-18 over a plain string: a lone star needs a character. */
export function stringPattern(value: string): RegExp {
  if (value === "*") return whole(".+");
  if (value.startsWith("*")) return whole(`.*${literal(value.slice(1))}`);
  if (value.endsWith("*")) return whole(`${literal(value.slice(0, -1))}.*`);
  return whole(literal(value));
}

/** The same over a header: a lone star is a presence test. */
export function headerPattern(value: string): RegExp {
  return value === "*" ? whole(".*") : stringPattern(value);
}

/** spec AP-33, AP-53: a template, or a plain string. */
export function pathPattern(value: string): RegExp {
  if (!value.includes("{*}") && !value.includes("{**}")) return stringPattern(value);
  const character = String.raw`[a-zA-Z0-9\-._~%!$&'()*+,;:@=]`;
  const anything = String.raw`[a-zA-Z0-9\-._~%!$&'()*+,;:@=/]`;
  const parts = value.split(/(\{\*\*?\})/);
  return whole(
    parts
      .map((piece) => {
        if (piece === "{*}") return `${character}+`;
        return piece === "{**}" ? `${anything}*` : literal(piece);
      })
      .join(""),
  );
}

/** spec AP-20 */
export function principalPattern(value: string): RegExp {
  if (value === "*") return whole(".+");
  if (value.startsWith("*")) return whole(`spiffe://.*${literal(value.slice(1))}`);
  if (value.endsWith("*")) return whole(`${literal(`spiffe://${value.slice(0, -1)}`)}.*`);
  return whole(literal(`spiffe://${value}`));
}

/** spec AP-22 */
export function namespacePattern(value: string): RegExp {
  return whole(`.*/ns/${value.split("*").map(literal).join(".*")}/.*`);
}

/** spec AP-23; a bare account is one of the policy's own namespace. */
export function accountPattern(value: string, policyNamespace: string): RegExp {
  const [first = "", second] = value.split("/");
  const [namespace, account] = second === undefined ? [policyNamespace, first] : [first, second];
  return whole(`spiffe://.+/ns/${literal(namespace)}/(.+/|)sa/${literal(account)}(/.+)?`);
}

/** spec AP-24 */
export function trustDomainPattern(value: string): RegExp {
  if (value === "*") return whole("spiffe://.*");
  if (!value.startsWith("*") && !value.endsWith("*")) return whole(`spiffe://${literal(value)}/.*`);
  const [before = "", after = ""] = value.split("*");
  return whole(`spiffe://${literal(before)}[^/]*${literal(after)}/.*`);
}

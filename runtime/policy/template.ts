const segmentCharacters = /^[a-zA-Z0-9\-._~%!$&'()*+,;:@=]*$/;
const anyCharacters = /^[a-zA-Z0-9\-._~%!$&'()*+,;:@=/]*$/;

export function isTemplate(value: string): boolean {
  return value.includes("{*}") || value.includes("{**}");
}

/**
 * Path templates (spec AP-53…AP-55, errata security 9): `{*}` is one segment, `{**}` the rest up to the literal tail. Operators are
 * whole segments and `{**}` is the last of them, so one pass without backtracking decides. Undefined: not a valid template.
 */
export function bindTemplate(value: string): ((path: string) => boolean) | undefined {
  if (!value.startsWith("/")) return undefined;
  const segments = value.slice(1).split("/");
  const deep = segments.indexOf("{**}");
  for (const [index, segment] of segments.entries()) {
    const operator = segment === "{*}" || segment === "{**}";
    if (!operator && (!segmentCharacters.test(segment) || segment.includes("*"))) return undefined;
    if (operator && deep >= 0 && index > deep) return undefined;
  }
  const head = deep < 0 ? segments : segments.slice(0, deep);
  const tail = deep < 0 ? undefined : segments.slice(deep + 1);
  const suffix = tail === undefined || tail.length === 0 ? "" : `/${tail.join("/")}`;

  return (path) => {
    let at = 0;
    for (const segment of head) {
      if (path.charCodeAt(at) !== 0x2f) return false;
      at += 1;
      if (segment === "{*}") {
        const slash = path.indexOf("/", at);
        const end = slash < 0 ? path.length : slash;
        if (end === at || !segmentCharacters.test(path.slice(at, end))) return false;
        at = end;
      } else {
        if (!path.startsWith(segment, at)) return false;
        at += segment.length;
      }
    }
    if (deep < 0) return at === path.length;
    if (path.charCodeAt(at) !== 0x2f) return false;
    at += 1;
    const end = path.length - suffix.length;
    return end >= at && path.endsWith(suffix) && anyCharacters.test(path.slice(at, end));
  };
}

/** What every path that the template matches begins with; undefined when the template is not valid and matches none. */
export function literalHead(value: string): string | undefined {
  if (bindTemplate(value) === undefined) return undefined;
  const operator = value.indexOf("{");
  return operator < 0 ? value : value.slice(0, operator);
}

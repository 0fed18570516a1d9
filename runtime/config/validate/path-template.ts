/** Why a value of `paths` or `notPaths` (`list`) is not a legal path template; undefined when it is one or has no template at all (spec VA-16…VA-18). */
export function pathTemplateFault(value: string, list: string): string | undefined {
  const isTemplate = value.includes("{*}") || value.includes("{**}");
  const path = value.replace(/^\/+|\/+$/g, "");
  const start = `invalid or unsupported path ${path}, found in ${list}.`;
  let sawDouble = false;
  for (const segment of path.split("/")) {
    if (segment === "{*}" || segment === "{**}") {
      if (sawDouble) return `${start} {**} is not the last operator`;
      sawDouble = segment === "{**}";
      continue;
    }
    if (/[{}]/.test(segment)) return `${start} Contains '{' or '}' beyond a supported path template`;
    if (isTemplate && !/^[a-zA-Z0-9\-._~%!$&'()+,;:@=]+$/.test(segment))
      return `${start} Contains segment ${segment} with invalid string literal`;
  }
  return undefined;
}

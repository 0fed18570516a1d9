const literal = /^[a-zA-Z0-9\-._~%!$&'()+,;:@=]+$/;

/** Why a value of `paths` is not a legal path template, or undefined when it is one or has no template at all (spec VA-16…VA-18). */
export function pathTemplateFault(value: string): string | undefined {
  const trimmed = value.replace(/^\/+|\/+$/g, "");
  const isTemplate = value.includes("{*}") || value.includes("{**}");
  if (!isTemplate)
    return value.includes("{") || value.includes("}")
      ? `${trimmed} contains { or } outside of {*} and {**}`
      : undefined;
  let sawDouble = false;
  // The path is split as it stands after one leading slash; inner empty segments are not literals.
  for (const segment of trimmed.split("/")) {
    if (segment === "{*}" || segment === "{**}") {
      if (sawDouble) return `${trimmed}: {**} is not the last operator`;
      sawDouble = segment === "{**}";
      continue;
    }
    if (segment.includes("{") || segment.includes("}")) return `${trimmed} contains { or } outside of {*} and {**}`;
    if (!literal.test(segment))
      return `${trimmed} has the segment "${segment}", which is not allowed beside a template`;
  }
  return undefined;
}

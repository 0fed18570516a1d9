import type { HeaderOperations, Headers } from "../model/istio-networking.ts";
import type { Refuse } from "./refuse.ts";

/** `headers` of a route or destination; `authority` is what the route's rewrite already sets. */
export function validateHeaders(
  headers: Headers | undefined,
  field: string,
  authority: string | undefined,
  refuse: Refuse,
): void {
  validateOperations(headers?.request, `${field}.request`, true, refuse);
  validateOperations(headers?.response, `${field}.response`, false, refuse);
  let set = authority === undefined || authority === "" ? undefined : authority;
  for (const key of ["set", "add"] as const) {
    for (const [name, value] of Object.entries(headers?.request?.[key] ?? {})) {
      if (!isAuthority(name)) continue;
      if (set !== undefined)
        refuse(`${field}.request.${key}.${name}`, `the authority is already set to ${set}`, "keep one of the two");
      set = value;
    }
  }
}

function validateOperations(
  operations: HeaderOperations | undefined,
  field: string,
  request: boolean,
  refuse: Refuse,
): void {
  for (const key of ["set", "add"] as const) {
    for (const [name, value] of Object.entries(operations?.[key] ?? {})) {
      const at = `${field}.${key}.${name}`;
      if (!(request && isAuthority(name))) validateName(name, at, refuse);
      const fault = valueFault(value);
      if (fault !== undefined) refuse(at, `${name}: ${fault}`);
    }
  }
  for (const [index, name] of (operations?.remove ?? []).entries())
    validateName(name, `${field}.remove[${index}]`, refuse);
}

function isAuthority(name: string): boolean {
  return name.toLowerCase() === "host" || name === ":authority";
}

function validateName(name: string, field: string, refuse: Refuse): void {
  if (name === "") refuse(field, "a header needs a name");
  else if (name.startsWith(":")) refuse(field, `${name}: pseudo headers cannot be changed`);
  else if (name.toLowerCase() === "host")
    refuse(field, "the Host header cannot be changed here", "use rewrite.authority");
  else if (!/^[-_A-Za-z0-9]+$/.test(name)) refuse(field, `${name} is not the name of a header`);
}

/** `%NAME%`, `%NAME(text)%` or `%NAME(["a", "b"])%`. */
const variable =
  /%[A-Z0-9_]+(?:\((?:\s*\[\s*"(?:[^"\\]|\\.)*"(?:\s*,\s*"(?:[^"\\]|\\.)*")*\s*\]\s*|[^[()%][^()%]*|)\)\s*)?(?::\d+)?%/g;

/** Envoy's format: `%%` is a percent sign, `%NAME%` and `%NAME(parameters)%` are replaced (spec traffic 2.7.4). */
function valueFault(value: string): string | undefined {
  // eslint-disable-next-line no-control-regex
  if (/[\u0000-\u0008\u000a-\u001f\u007f]/.test(value)) return "a value has no control characters";
  const rest = value.replace(/%%/g, "").replace(variable, "");
  return rest.includes("%")
    ? "a percent sign stands alone or a variable is not ended; write %% for a percent sign"
    : undefined;
}

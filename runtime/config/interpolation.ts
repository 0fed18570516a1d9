export interface Interpolated {
  readonly text: string;
  /** Names of variables that are not set and have no default. */
  readonly unset: readonly string[];
  /** What cannot be replaced: `${A?text}` without A, and what is no variable at all. */
  readonly faults: readonly string[];
}

/** Undefined: not set. */
export type Lookup = (name: string) => string | undefined;

/** The variables of a table; what an object inherits is none. */
export function lookupIn(env: Readonly<Record<string, string>>): Lookup {
  return (name) => (Object.hasOwn(env, name) ? env[name] : undefined);
}

/**
 * Replaces variables as Compose does: `$NAME`, `${NAME}`, `${NAME:-default}`, `${NAME:?error}`, `${NAME:+instead}`; with the colon an
 * empty value counts as unset. What stands after the operator may hold variables again. `$$` is a dollar sign.
 */
export function interpolate(text: string, lookup: Lookup): Interpolated {
  const unset: string[] = [];
  const faults: string[] = [];
  const replaced = replace(text);
  return { text: replaced, unset, faults };

  function replace(part: string): string {
    let result = "";
    let at = 0;
    for (let dollar = part.indexOf("$"); dollar !== -1; dollar = part.indexOf("$", at)) {
      result += part.slice(at, dollar);
      const [value, end] = variableAt(part, dollar);
      result += value;
      at = end;
    }
    return result + part.slice(at);
  }

  /** The value of what begins with the dollar sign at `dollar`, and where it ends. */
  function variableAt(part: string, dollar: number): readonly [string, number] {
    if (part[dollar + 1] === "$") return ["$", dollar + 2];
    if (part[dollar + 1] !== "{") {
      const name = /^[A-Za-z_]\w*/.exec(part.slice(dollar + 1))?.[0];
      if (name === undefined) return fault(part, dollar);
      return [plain(name), dollar + 1 + name.length];
    }
    const end = closingBrace(part, dollar + 2);
    const match = /^([A-Za-z_]\w*)(?:(:?[-?+])(.*))?$/s.exec(part.slice(dollar + 2, Math.max(end, 0)));
    if (end === -1 || match === null) return fault(part, dollar);
    const [, name = "", operator, rest = ""] = match;
    return [operator === undefined ? plain(name) : conditional(name, operator, rest), end + 1];
  }

  function plain(name: string): string {
    const value = lookup(name);
    if (value === undefined) unset.push(name);
    return value ?? "";
  }

  function conditional(name: string, operator: string, rest: string): string {
    const value = lookup(name);
    const counts = value !== undefined && !(operator.startsWith(":") && value === "");
    switch (operator.at(-1)) {
      case "+":
        return counts ? replace(rest) : "";
      case "?":
        if (!counts) faults.push(`${name} must be set${rest === "" ? "" : `: ${replace(rest)}`}`);
        return value ?? "";
      default:
        return counts ? value : replace(rest);
    }
  }

  function fault(part: string, dollar: number): readonly [string, number] {
    const shown = part.slice(dollar, dollar + 20);
    faults.push(`${shown} is not a variable; a dollar sign is written $$`);
    return ["", part.length];
  }
}

/** Index of the brace that ends what begins at `from`; -1: none does. */
function closingBrace(text: string, from: number): number {
  let depth = 1;
  for (let at = from; at < text.length; at++) {
    if (text[at] === "$" && text[at + 1] === "{") depth++;
    else if (text[at] === "}" && --depth === 0) return at;
  }
  return -1;
}

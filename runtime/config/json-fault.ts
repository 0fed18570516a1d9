/** Why Go's encoding/json does not read a text that should be one JSON value, in its words; undefined when it does. */
export function jsonFault(text: string): string | undefined {
  try {
    JSON.parse(text);
    return undefined;
  } catch {
    const trimmed = text.trimStart();
    const first = trimmed[0];
    if (first === undefined) return "unexpected end of JSON input";
    const number = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/.exec(trimmed)?.[0];
    if (number !== undefined) {
      const next = trimmed.slice(number.length).trimStart()[0];
      return next === undefined
        ? "unexpected end of JSON input"
        : `invalid character ${character(next)} after top-level value`;
    }
    if (first === "-") {
      const next = trimmed[1];
      return next === undefined
        ? "unexpected end of JSON input"
        : `invalid character ${character(next)} in numeric literal`;
    }
    for (const literal of ["true", "false", "null"]) {
      if (first !== literal[0]) continue;
      for (let index = 1; index < literal.length; index++) {
        const found = trimmed[index];
        if (found === undefined) return "unexpected end of JSON input";
        if (found !== literal[index])
          return `invalid character ${character(found)} in literal ${literal} (expecting '${literal[index] ?? ""}')`;
      }
      const next = trimmed.slice(literal.length).trimStart()[0];
      if (next !== undefined) return `invalid character ${character(next)} after top-level value`;
    }
    return `invalid character ${character(first)} looking for beginning of value`;
  }
}

function character(text: string): string {
  return text === "'" ? `'\\''` : text === '"' ? `'"'` : `'${text}'`;
}

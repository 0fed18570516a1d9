/** Parameters of a path by name, escapes decoded, in Envoy's order: by name, then as they stand. */
export function queryParameters(path: string): ReadonlyMap<string, readonly string[]> {
  const question = path.indexOf("?");
  const found = new Map<string, string[]>();
  if (question < 0 || question === path.length - 1) return found;
  for (const parameter of path.slice(question + 1).split("&")) {
    const equals = parameter.indexOf("=");
    const name = decodeEscapes(equals < 0 ? parameter : parameter.slice(0, equals));
    const value = equals < 0 ? "" : decodeEscapes(parameter.slice(equals + 1));
    const known = found.get(name);
    if (known === undefined) found.set(name, [value]);
    else known.push(value);
  }
  return found;
}

/**
 * The path without a parameter. Envoy writes the others anew: sorted by name, with their escapes decoded. What would then end the
 * request line, or could not stand in it, stays escaped here.
 */
export function withoutParameter(path: string, name: string): string {
  const rest = [...queryParameters(path)]
    .filter(([each]) => each !== name)
    .toSorted(([a], [b]) => compareBytes(a, b))
    .flatMap(([each, values]) => values.map((value) => `${safe(each)}=${safe(value)}`));
  const bare = path.slice(0, path.indexOf("?"));
  return rest.length === 0 ? bare : `${bare}?${rest.join("&")}`;
}

/** Escapes as the bytes that they stand for, and those that are none as they are. */
function decodeEscapes(text: string): string {
  if (!text.includes("%")) return text;
  const bytes = text.replaceAll(/%([0-9a-f]{2})/gi, (_match, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return Buffer.from(bytes, "latin1").toString("utf8");
}

function safe(text: string): string {
  return text.replaceAll(/[^\u0021-\u007e]/gu, (character) =>
    [...Buffer.from(character, "utf8")].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`).join(""),
  );
}

export function compareBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a, "utf8"), Buffer.from(b, "utf8"));
}

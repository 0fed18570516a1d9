/** Go's `%q`. */
export function quote(text: string): string {
  return JSON.stringify(text);
}

/** Go's `%v` of a list of texts. */
export function goList(items: readonly unknown[]): string {
  return `[${items.join(" ")}]`;
}

/** Go's `%v` of a float64. */
export function goFloat(value: number): string {
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-4 || size >= 1e21)) {
    return value.toExponential().replace(/e([+-])(\d)$/, "e$10$2");
  }
  return String(value);
}

/** Why strconv.Atoi or strconv.ParseUint (`call`) does not read a text. */
export function numberFault(call: "Atoi" | "ParseUint", text: string): string | undefined {
  const pattern = call === "Atoi" ? /^[+-]?\d+$/ : /^\d+$/;
  if (!pattern.test(text)) return `strconv.${call}: parsing ${quote(text)}: invalid syntax`;
  const most = call === "Atoi" ? 2 ** 63 - 1 : 2 ** 32 - 1;
  return Math.abs(Number(text)) > most ? `strconv.${call}: parsing ${quote(text)}: value out of range` : undefined;
}

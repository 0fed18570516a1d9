/** `spec` + `rules` → `spec.rules`. */
export function joinKey(path: string, key: string): string {
  return path === "" ? key : `${path}.${key}`;
}

/** `spec.rules` + 0 → `spec.rules[0]`. */
export function joinIndex(path: string, index: number): string {
  return `${path}[${index}]`;
}

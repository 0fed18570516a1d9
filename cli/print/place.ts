import { sanitize } from "./sanitize.ts";

/** `mesh/policies.yaml:12:3` */
export function place(at: { readonly file: string; readonly line: number; readonly column?: number }): string {
  return sanitize(`${at.file}:${at.line}${at.column === undefined ? "" : `:${at.column}`}`);
}

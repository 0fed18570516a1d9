/** A place in a text file. Lines and columns count from 1, columns in UTF-16 units, as editors do. */
export interface SourcePosition {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** A file as it was read: its path as the user would write it, and its whole text. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

/** `file:line:col`, the form that terminals and editors make clickable. */
export function formatPosition(at: SourcePosition): string {
  return `${at.file}:${at.line}:${at.column}`;
}

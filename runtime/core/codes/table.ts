/** What `meshdev explain CODE` and docs/errors.md print. */
export interface CodeEntry {
  /** One line: what the code means. */
  readonly title: string;
  /** Why it happens, in a sentence or two. */
  readonly why: string;
  /** What to do next. */
  readonly next: string;
}

export type CodeTable<Code extends string> = Readonly<Record<Code, CodeEntry>>;

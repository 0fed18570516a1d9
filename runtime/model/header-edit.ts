/** Names of headers, lower case. */
export interface HeaderNames {
  readonly has: (name: string) => boolean;
  /** Whether one of them has this length and begins with this byte: decides nearly always, without a text of the name. */
  readonly mayHave: (length: number, first: number) => boolean;
}

/** A change to the headers of one message: names in `remove` go, then `add` is appended. Setting a header is both. Names are lower case. */
export interface HeaderEdit {
  readonly remove: HeaderNames;
  readonly add: readonly (readonly [name: string, value: string])[];
}

/** A change to the headers of one message: names in `remove` go, then `add` is appended. Setting a header is both. Names are lower case. */
export interface HeaderEdit {
  readonly remove: ReadonlySet<string>;
  readonly add: readonly (readonly [name: string, value: string])[];
}

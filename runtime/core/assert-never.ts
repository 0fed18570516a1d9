/** Ends a `switch` over a tagged union; the compiler reports the tag that was forgotten. */
export function assertNever(value: never): never {
  throw new Error(`unexpected variant: ${JSON.stringify(value)}`);
}

/** Collects things to dispose, for lives longer than a block. Disposal runs once, in reverse order; late callers join it. */
export interface Scope extends AsyncDisposable {
  /** Registers `dispose` and returns nothing; when the scope is already closed it runs at once. */
  readonly defer: (dispose: () => void | Promise<void>) => void;
  readonly close: () => Promise<void>;
}

export function createScope(): Scope {
  const stack: (() => void | Promise<void>)[] = [];
  let closing: Promise<void> | undefined;

  async function unwind(): Promise<void> {
    const failures: unknown[] = [];
    for (let dispose = stack.pop(); dispose !== undefined; dispose = stack.pop()) {
      try {
        await dispose();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw new AggregateError(failures, "disposal failed");
  }

  const close = (): Promise<void> => (closing ??= unwind());
  return {
    defer: (dispose) => {
      if (closing === undefined) stack.push(dispose);
      else closing = closing.then(dispose);
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

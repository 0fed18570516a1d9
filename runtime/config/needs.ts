/** Circles among `needs`, each once, as the list of names that leads back to the first. */
export function findCycles(needs: ReadonlyMap<string, readonly string[]>): readonly (readonly string[])[] {
  const done = new Set<string>();
  const cycles: (readonly string[])[] = [];
  for (const start of needs.keys()) {
    // Depth first without recursion: a chain of a thousand services is legal.
    const path: string[] = [];
    const onPath = new Set<string>();
    const stack: { readonly name: string; readonly next: Iterator<string> }[] = [];
    const enter = (name: string): void => {
      path.push(name);
      onPath.add(name);
      stack.push({ name, next: (needs.get(name) ?? [])[Symbol.iterator]() });
    };
    if (!done.has(start)) enter(start);
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const step = top.next.next();
      if (step.done === true) {
        stack.pop();
        path.pop();
        onPath.delete(top.name);
        done.add(top.name);
      } else if (onPath.has(step.value)) cycles.push(path.slice(path.indexOf(step.value)));
      else if (!done.has(step.value)) enter(step.value);
    }
  }
  return cycles;
}

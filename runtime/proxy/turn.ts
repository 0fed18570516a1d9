/** What is left to do when all that the event loop has read is dealt with. */
interface Unfinished {
  readonly flush: () => void;
}

let waiting: Unfinished[] = [];

/** Calls `flush` once at the end of this turn of the event loop: what was read from many sockets leaves in one write to each. */
export function atEndOfTurn(unfinished: Unfinished): void {
  if (waiting.length === 0) setImmediate(run);
  waiting.push(unfinished);
}

function run(): void {
  const now = waiting;
  waiting = [];
  for (const each of now) each.flush();
}

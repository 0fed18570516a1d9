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
  let done = 0;
  try {
    for (const each of now) {
      done += 1;
      each.flush();
    }
  } finally {
    // A fault of one, which the process tells, keeps no other waiting.
    for (const each of now.slice(done)) atEndOfTurn(each);
  }
}

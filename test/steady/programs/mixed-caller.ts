import { renameSync, writeFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { abort, answerOf, echoes, longEcho, pipelined, slowReader, slowWriter, type Outcome } from "./calls.ts";

// Many kinds of callers at once, for as long as it runs; writes what came of them to a file every few seconds.
const file = process.env["STEADY_REPORT"] ?? "";
const body = Buffer.alloc(64 * 1024, "b");

interface Kind {
  readonly name: string;
  readonly workers: number;
  readonly pauseMs: number;
  readonly run: (turn: number) => Promise<Outcome>;
}

const kinds: readonly Kind[] = [
  { name: "keep-alive", workers: 3, pauseMs: 10, run: () => answerOf("/ok", { expect: 200, size: 128 }) },
  {
    name: "connection per request",
    workers: 2,
    pauseMs: 40,
    run: () => answerOf("/ok", { expect: 200, size: 128, close: true }),
  },
  { name: "64 KiB answer", workers: 1, pauseMs: 40, run: () => answerOf("/big", { expect: 200, size: 65_536 }) },
  { name: "chunked answer", workers: 1, pauseMs: 40, run: () => answerOf("/chunked", { expect: 200, size: 65_536 }) },
  { name: "64 KiB request", workers: 1, pauseMs: 40, run: () => answerOf("/upload", { expect: 200, size: 5, body }) },
  {
    name: "chunked request",
    workers: 1,
    pauseMs: 40,
    run: () => answerOf("/upload", { expect: 200, size: 5, body, chunked: true }),
  },
  { name: "pipelined, 8 at once", workers: 1, pauseMs: 100, run: () => pipelined(8) },
  { name: "denied", workers: 1, pauseMs: 30, run: () => answerOf("/denied", { expect: 403 }) },
  { name: "slow upstream", workers: 1, pauseMs: 0, run: () => answerOf("/slow", { expect: 200, size: 128 }) },
  { name: "dripping upstream", workers: 1, pauseMs: 0, run: () => answerOf("/drip", { expect: 200, size: 10_240 }) },
  { name: "upstream without answer", workers: 1, pauseMs: 100, run: () => answerOf("/die", { expect: 503 }) },
  { name: "upstream cut in its answer", workers: 1, pauseMs: 100, run: () => answerOf("/cut", { expect: 0 }) },
  {
    name: "upstream that is down",
    workers: 1,
    pauseMs: 200,
    run: () => answerOf("/ok", { expect: 503, host: "broken" }),
  },
  { name: "websocket", workers: 1, pauseMs: 200, run: () => echoes("websocket", 5) },
  { name: "long websocket", workers: 2, pauseMs: 0, run: () => longEcho("websocket", 30_000) },
  { name: "raw TCP", workers: 1, pauseMs: 50, run: () => echoes("tcp", 5) },
  { name: "long raw TCP", workers: 2, pauseMs: 0, run: () => longEcho("tcp", 30_000) },
  { name: "caller that leaves", workers: 2, pauseMs: 50, run: abort },
  { name: "slow reader of 2 MiB", workers: 1, pauseMs: 500, run: slowReader },
  { name: "slow writer of a head", workers: 2, pauseMs: 0, run: slowWriter },
];

const tallies = new Map(kinds.map(({ name }) => [name, { done: 0, lost: 0, wrong: 0, last: "" }]));

async function work(kind: Kind): Promise<never> {
  const tally = tallies.get(kind.name);
  if (tally === undefined) throw new Error(kind.name);
  for (let turn = 0; ; turn += 1) {
    const { what, why } = await kind.run(turn);
    tally[what] += 1;
    if (what !== "done") tally.last = `${new Date().toISOString()} ${why}`;
    await pause(kind.pauseMs);
  }
}

setInterval(() => {
  writeFileSync(`${file}.new`, JSON.stringify(Object.fromEntries(tallies)));
  renameSync(`${file}.new`, file);
}, 2000);

await Promise.all(kinds.flatMap((kind) => Array.from({ length: kind.workers }, () => work(kind))));

import { describe, expect, it } from "vitest";
import { differences, type Verdicts } from "./differences.ts";
import { composeRequest } from "./grammar.ts";
import { mutate } from "./mutate.ts";
import { createNodeReader, type NodeReading } from "./node-reader.ts";
import { createRandom, seedOf } from "./random.ts";
import { requestSeeds } from "./seeds.ts";
import { readConnection, type ReadConnection } from "./stream.ts";

const reader = createNodeReader();
const batch = 250;

function inputsOf(run: number, from: number): readonly Buffer[] {
  return Array.from({ length: batch }, (_, at) => {
    const random = createRandom(seedOf(run, from + at));
    return Buffer.from(random.oneIn(2) ? mutate(requestSeeds, random) : composeRequest(random), "latin1");
  });
}

/** Node is asked about bytes as we send them on: whatever it understands must be what we decided on. */
describe("what we forward, read by node:http", () => {
  it("is our requests, each with our method, target, headers, body and end", async () => {
    let compared = 0;
    for (let from = 0; from < 40_000; from += batch) {
      const forwarded = inputsOf(11, from)
        .map((input) => readConnection([input]).requests.filter(({ wire }) => wire !== ""))
        .filter((requests) => requests.length > 0);
      const answers = await reader.read(
        forwarded.map((requests) => Buffer.from(requests.map(({ wire }) => wire).join(""), "latin1")),
      );
      for (const [at, requests] of forwarded.entries()) {
        compared += requests.length;
        const wanted = requests.map(({ method, target, authority, headers, framing, body }) => ({
          method,
          url: target,
          headers: [
            ["host", authority],
            ...headers,
            ...(framing === "chunked" ? [["transfer-encoding", "chunked"]] : []),
          ],
          body,
          complete: true,
        }));
        expect(answers[at]).toEqual({ requests: wanted, end: undefined });
      }
    }
    expect(compared).toBeGreaterThan(5000);
  });
});

/** The table of differences is that of one parser: the one in the Node that this project pins. */
const otherParser = Number(process.versions.node.split(".")[0]) < 24;

describe.skipIf(otherParser)(
  `raw bytes, read by both${otherParser ? " (the table is for the parser of Node 24)" : ""}`,
  () => {
    it("differ only where a recorded verdict of Envoy says so", async () => {
      const seen = new Set<string>();
      for (let from = 0; from < 40_000; from += batch) {
        const inputs = inputsOf(12, from);
        const answers = await reader.read(inputs);
        for (const [at, input] of inputs.entries()) {
          const text = input.toString("latin1");
          const verdicts: Verdicts = {
            head: headOf(text),
            ours: oursOf(readConnection([input])),
            node: nodeOf(answers[at]),
          };
          if (agree(verdicts)) continue;
          const why = differences.find(({ explains }) => explains(verdicts));
          if (why === undefined) expect.fail(`nothing explains ${JSON.stringify({ ...verdicts, text })}`);
          seen.add(why.name);
        }
      }
      // A row that explains nothing is a guess.
      expect(differences.map(({ name }) => name).filter((name) => !seen.has(name))).toEqual([]);
    });
  },
);

/** Node may wait where we refuse early or the other way round: what counts is what is read. */
function agree({ ours, node }: Verdicts): boolean {
  const unread = (verdict: string): boolean => verdict === "waits" || verdict.startsWith("refused");
  return ours === node || (unread(ours) && unread(node));
}

function headOf(text: string): string {
  const start = /^(?:\r?\n)*/.exec(text)?.[0].length ?? 0;
  const end = /\n\r?\n/.exec(text.slice(start));
  return end === null ? text : text.slice(0, start + end.index + end[0].length);
}

function oursOf({ requests, end }: ReadConnection): string {
  const [first] = requests;
  if (first === undefined) return typeof end === "string" ? "waits" : `refused ${end.details}`;
  const { method, target, body, wire, upgrade } = first;
  if (upgrade !== undefined || method === "CONNECT") return `tunnel ${method} ${target}`;
  if (wire !== "") return `read ${method} ${target} ${body}`;
  return typeof end === "string" ? "waits" : `refused ${end.details}`;
}

function nodeOf(reading: NodeReading | undefined): string {
  const [first] = reading?.requests ?? [];
  if (first === undefined) return reading?.end === undefined ? "waits" : `refused ${reading.end}`;
  const { method, url, body, complete } = first;
  if (reading?.requests.length === 1 && reading.end === "upgrade")
    return `tunnel ${method} ${method === "CONNECT" ? "" : url}`;
  if (complete) return `read ${method} ${url} ${body}`;
  return reading?.end === undefined ? "waits" : `refused ${reading.end}`;
}

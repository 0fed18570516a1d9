import { composeRequest } from "../grammar.ts";
import { cut, mutate } from "../mutate.ts";
import { readPlainRequests } from "../plain-reader.ts";
import type { Random } from "../random.ts";
import { requestSeeds } from "../seeds.ts";
import { readConnection, type ReadConnection, type ReadRequest } from "../stream.ts";
import { everyByte, must, same, type Target } from "../target.ts";

/** Connections of requests, well formed and not, read in one piece and in many, rewritten and read again. */
export const requests: Target = {
  name: "requests",
  weight: 45,
  run: (random) => check(Buffer.from(make(random), "latin1"), random),
};

function make(random: Random): string {
  if (random.oneIn(2)) return mutate(requestSeeds, random);
  let text = composeRequest(random);
  while (random.oneIn(4)) text += composeRequest(random);
  return text;
}

function check(input: Buffer, random: Random): string {
  const whole = readConnection([input]);
  const pieces = random.oneIn(64) ? everyByte(input) : cut(input, random);
  let split = readConnection(pieces);
  // A head that comes in pieces is looked at again when a line ends: a fault in an unfinished line is found then.
  if (split.end === "head" && typeof whole.end !== "string") split = readConnection([...pieces, lineEnd]);
  same(reading(split), reading(whole), `another reading in ${pieces.length} pieces`, input);

  const complete = whole.requests.filter(({ wire }) => wire !== "");
  if (complete.length > 0) checkRewritten(complete, input);
  if (complete.some(({ framing }) => framing === "chunked"))
    checkRewritten(
      split.requests.filter(({ wire }) => wire !== ""),
      input,
    );
  const { end } = whole;
  if (typeof end === "string") return `${complete.length} read, then ${end === "tunnel" ? "a tunnel" : `more ${end}`}`;
  must(end.status >= 400 && end.status < 600 && end.details !== "", "a refusal without a code", input);
  return `refused: ${end.details}`;
}

const lineEnd = Buffer.from("\n");

/** How a body is drawn into chunks may follow the pieces; nothing else may. */
function reading({ requests, end }: ReadConnection): unknown {
  return {
    requests: requests.map((request) => ({ ...request, wire: request.framing === "chunked" ? "" : request.wire })),
    end: typeof end === "string" ? end : { ...end, head: undefined },
  };
}

/** What is forwarded is read by the codec, and by a reader that shares no line with it, as exactly what was decided on. */
function checkRewritten(complete: readonly ReadRequest[], input: Buffer): void {
  const wire = complete.map((request) => request.wire).join("");
  const again: ReadConnection = readConnection([Buffer.from(wire, "latin1")]);
  must(again.end === "head", "own output is not read to its end", input);
  same(again.requests.map(decided), complete.map(decided), "own output is read differently", input);
  same(again.requests.map((request) => request.wire).join(""), wire, "own output is rewritten", input);

  const plain = readPlainRequests(wire).map(({ start, headers, body }) => ({ start, headers, body }));
  same(plain, complete.map(expected), "another reader reads own output differently", input);
}

function decided({ method, target, authority, framing, headers, body }: ReadRequest): unknown {
  return { method, target, authority, framing, headers, body };
}

function expected({ method, target, authority, framing, headers, body }: ReadRequest): unknown {
  const lines = [["host", authority], ...headers];
  if (framing === "chunked") lines.push(["transfer-encoding", "chunked"]);
  return { start: `${method} ${target} HTTP/1.1`, headers: lines, body };
}

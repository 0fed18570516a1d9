import { createBodyScanner, encodeChunks, endChunks, payloadOf } from "../../../runtime/wire/http1/body.ts";
import { mayComplete } from "../../../runtime/wire/http1/head.ts";
import { brokenResponse, parseResponseHead, type ResponseHead } from "../../../runtime/wire/http1/response-head.ts";
import { chunkedBody } from "../../../runtime/wire/http1/semantics.ts";
import { writeResponseHead } from "../../../runtime/wire/http1/write.ts";
import { composeResponse } from "../grammar.ts";
import { cut, mutate } from "../mutate.ts";
import { readPlainResponse } from "../plain-reader.ts";
import { responseSeeds } from "../seeds.ts";
import { headersOf } from "../stream.ts";
import { everyByte, must, same, type Target } from "../target.ts";

/** Answers of a server to one request: interim heads, the head, the body, and what comes behind it. */
export const responses: Target = {
  name: "responses",
  weight: 20,
  run: (random) => {
    const text = random.oneIn(2) ? mutate(responseSeeds, random) : composeResponse(random);
    const input = Buffer.from(text, "latin1");
    const method = random.pick(["GET", "GET", "POST", "HEAD"]);
    const whole = readAnswer([input], method);
    const pieces = random.oneIn(64) ? everyByte(input) : cut(input, random);
    let split = readAnswer(pieces, method);
    // A head that comes in pieces is looked at again when a line ends: a fault in an unfinished line is found then.
    if (split.end === "waits for a head" && whole.end === "broken head")
      split = readAnswer([...pieces, lineEnd], method);
    // How a body is drawn into chunks may follow the pieces; nothing else may.
    same({ ...split, wire: "" }, { ...whole, wire: "" }, `another reading in ${pieces.length} pieces`, input);
    for (const one of [whole, split]) if (one.wire !== "") checkRewritten(one, method, input);
    return whole.end;
  },
};

const lineEnd = Buffer.from("\n");

interface ReadAnswer {
  readonly interim: readonly number[];
  readonly status: number;
  readonly framing: string;
  readonly keepAlive: boolean;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string;
  /** As it would be passed on to the caller. */
  readonly wire: string;
  /** Bytes behind the answer, which nobody asked for. */
  readonly extra: number;
  readonly end:
    | "waits for a head"
    | "waits for a body"
    | "open end"
    | "complete"
    | "upgrade"
    | "broken head"
    | "broken body";
}

function readAnswer(pieces: readonly Buffer[], method: string): ReadAnswer {
  let pending: Buffer = Buffer.alloc(0);
  const interim: number[] = [];
  let head: ResponseHead | undefined;
  let scanner = createBodyScanner(chunkedBody);
  let done = false;
  let extra = 0;
  let [body, frames] = ["", ""];
  const result = (end: ReadAnswer["end"], finished: boolean): ReadAnswer => ({
    interim,
    status: head?.status ?? 0,
    framing: head?.framing.kind ?? "",
    keepAlive: head?.keepAlive ?? false,
    headers: head === undefined ? [] : headersOf(head),
    body,
    wire: finished && head !== undefined ? rewrite(head, frames) : "",
    extra,
    end,
  });

  for (const piece of pieces) {
    if (done) {
      extra += piece.length;
      continue;
    }
    let from = 0;
    let bytes = piece;
    if (head === undefined) {
      const fresh = pending.length;
      bytes = fresh === 0 ? piece : Buffer.concat([pending, piece]);
      pending = bytes;
      if (fresh > 0 && !mayComplete(bytes, 0, fresh)) continue;
      for (;;) {
        const parsed = parseResponseHead(bytes, 0, method);
        if (parsed.kind === "error") {
          if (parsed.error !== brokenResponse) throw new Error("another refusal of a response");
          return result("broken head", false);
        }
        if (parsed.kind === "incomplete") {
          pending = bytes.subarray(parsed.from);
          break;
        }
        if (parsed.head.upgrade !== undefined) {
          head = parsed.head;
          return result("upgrade", false);
        }
        if (!parsed.head.interim) {
          head = parsed.head;
          scanner = createBodyScanner(head.framing);
          from = parsed.next;
          break;
        }
        interim.push(parsed.head.status);
        bytes = bytes.subarray(parsed.next);
      }
      if (head === undefined) continue;
    }
    const part = scanner.scan(bytes, from);
    if (part.kind === "error") {
      body = "";
      return result("broken body", false);
    }
    const payload = payloadOf(bytes, part);
    body += payload.toString("latin1");
    const reframed = head.framing.kind === "chunked" || head.framing.kind === "until-close";
    frames += (reframed ? encodeChunks(bytes, from, part) : payload).toString("latin1");
    done = part.done;
    extra = bytes.length - part.end;
  }
  if (head === undefined) return result("waits for a head", false);
  if (head.framing.kind === "until-close") return result("open end", true);
  return result(done ? "complete" : "waits for a body", done);
}

/** An answer that ends with its connection is passed on in chunks. */
function rewrite(head: ResponseHead, frames: string): string {
  const open = head.framing.kind === "until-close";
  const written = writeResponseHead(head, { framing: open ? chunkedBody : head.framing });
  return written.toString("latin1") + frames + (open ? endChunks().toString("latin1") : "");
}

function checkRewritten(answer: ReadAnswer, method: string, input: Buffer): void {
  const again = readAnswer([Buffer.from(answer.wire, "latin1")], method);
  must(again.end === "complete" && again.extra === 0, "own output is not read to its end", input);
  const mine = { status: answer.status, headers: answer.headers, body: answer.body };
  same(
    { status: again.status, headers: again.headers, body: again.body },
    mine,
    "own output is read differently",
    input,
  );
  same(again.wire, answer.wire, "own output is rewritten", input);
  const { message, next } = readPlainResponse(answer.wire, 0, method);
  must(next === answer.wire.length, "another reader finds another end", input);
  same(
    [message.start.split(" ")[1], message.body],
    [`${answer.status}`, answer.body],
    "another reader reads own output differently",
    input,
  );
}

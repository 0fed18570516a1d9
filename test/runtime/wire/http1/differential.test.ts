import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { type AddressInfo, connect } from "node:net";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createBodyScanner, encodeChunks, payloadOf } from "../../../../runtime/wire/http1/body.ts";
import { headerEntries, parseRequestHead, type RequestHead } from "../../../../runtime/wire/http1/head.ts";
import { writeRequestHead } from "../../../../runtime/wire/http1/write.ts";
import { mutated, seeds } from "./mutation.ts";

/** What a strict HTTP server of someone else understands of bytes that we wrote. */
interface Understood {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string;
}

const heard: Understood[] = [];
const server = createServer({ requireHostHeader: false, insecureHTTPParser: false }, hear);
// Without these, node:http would answer some expectations itself.
server.on("checkContinue", hear);
server.on("checkExpectation", hear);

function hear(request: IncomingMessage, response: ServerResponse): void {
  const place = heard.length;
  const { method, url, rawHeaders } = request;
  heard.push({ method, url, headers: pairs(rawHeaders), body: "" });
  void answer();

  async function answer(): Promise<void> {
    const body = await readBody(request);
    heard[place] = { method, url, headers: pairs(rawHeaders), body };
    response.end("ok");
  }
}

function pairs(raw: readonly string[]): readonly (readonly [string, string])[] {
  return Array.from({ length: raw.length / 2 }, (_, at) => [raw[2 * at] ?? "", raw[2 * at + 1] ?? ""] as const);
}

async function readBody(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) if (Buffer.isBuffer(part)) parts.push(part);
  return Buffer.concat(parts).toString("latin1");
}

const refusals: string[] = [];
server.on("clientError", (error, socket) => {
  refusals.push(String(error));
  socket.destroy();
});

beforeAll(async () => {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
});

afterAll(() => {
  server.closeAllConnections();
  server.close();
});

/** Our reading of a whole request, and its bytes as we would forward them; undefined when we refuse it. */
function forward(bytes: Buffer): { readonly ours: Understood; readonly wire: Buffer } | undefined {
  const result = parseRequestHead(bytes, 0);
  if (result.kind !== "head" || result.head.upgrade !== undefined || result.head.method === "CONNECT") return undefined;
  const { head } = result;
  const scanner = createBodyScanner(head.framing);
  const step = scanner.scan(bytes, result.next);
  if (step.kind === "error" || !step.done) return undefined;
  const body = head.framing.kind === "chunked" ? encodeChunks(bytes, result.next, step) : payloadOf(bytes, step);
  return {
    ours: {
      method: head.method,
      url: head.target,
      headers: expectedHeaders(head),
      body: payloadOf(bytes, step).toString("latin1"),
    },
    wire: writeRequestHead(head, { body }),
  };
}

function expectedHeaders(head: RequestHead): readonly (readonly [string, string])[] {
  const rest = headerEntries(head);
  const framing: readonly (readonly [string, string])[] =
    head.framing.kind === "chunked" ? [["transfer-encoding", "chunked"]] : [];
  return [["host", head.authority], ...rest, ...framing];
}

async function ask(wires: readonly Buffer[]): Promise<readonly Understood[]> {
  heard.length = 0;
  const { port }: AddressInfo = addressOf();
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => undefined);
  socket.resume();
  socket.end(Buffer.concat(wires));
  await once(socket, "close");
  return [...heard];
}

function addressOf(): AddressInfo {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("not listening");
  return address;
}

describe("what we forward, read by node:http", () => {
  it("is one request each, with our method, target, headers and body", async () => {
    const samples = [...seeds.map((seed) => Buffer.from(seed)), ...fc.sample(mutated, { numRuns: 6000, seed: 11 })];
    // Bytes that are no UTF-8 cannot be compared as text; Node's parser also insists on its own list of methods.
    const valid = samples
      .flatMap((bytes) => forward(bytes) ?? [])
      .filter(({ wire }) => wire.every((byte) => byte < 0x80));
    expect(valid.length).toBeGreaterThan(800);
    for (let at = 0; at < valid.length; at += 50) {
      const batch = valid.slice(at, at + 50);
      // Pipelined on one connection: a request that ended elsewhere for Node would shift all that follow.
      const answer = await ask(batch.map(({ wire }) => wire));
      if (answer.length < batch.length) {
        throw new Error(`${refusals.join()}: ${JSON.stringify(batch[answer.length]?.wire.toString("latin1"))}`);
      }
      expect(answer).toEqual(batch.map(({ ours }) => ours));
    }
  });
});

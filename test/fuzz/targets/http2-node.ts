import { connect, createServer } from "node:http2";
import type { IncomingHttpHeaders, OutgoingHttpHeaders } from "node:http2";
import { duplexPair } from "node:stream";
import type { Duplex } from "node:stream";
import { createPeer, type Peer } from "../http2-peer.ts";
import type { Random } from "../random.ts";
import { same, type Target } from "../target.ts";

const own = { maxConcurrentStreams: 100, window: 20_000, connectionWindow: 100_000 };

type Lines = Readonly<Record<string, readonly string[]>>;

interface Message {
  readonly headers: Lines;
  readonly body: string;
  readonly trailers: Lines | undefined;
}

/** Random messages between our sessions and `node:http2`, each with its own HPACK tables, in both roles and both ways. */
export const http2Node: Target = {
  name: "http2-node",
  weight: 1,
  few: 150,
  run: async (random) => {
    const messages = Array.from(
      { length: 1 + random.below(12) },
      () => [messageOf(random), messageOf(random)] as const,
    );
    const client = random.oneIn(2);
    const heard = client ? await askNode(messages) : await answerNode(messages);
    same(
      heard,
      messages.map(([asked, answered]) => ({ asked: shown(asked), answered: shown(answered) })),
      "another message arrives",
      Buffer.alloc(0),
    );
    return `${client ? "client" : "server"}, ${messages.length > 6 ? "many" : "few"}`;
  },
};

interface Exchanged {
  asked: unknown;
  answered: unknown;
}

function shown({ headers, body, trailers }: Message): unknown {
  return { headers: flat(headers), body: body.length, trailers: flat(trailers ?? {}) };
}

function flat(lines: Lines): string[][] {
  return Object.entries(lines).flatMap(([name, values]) => values.map((value) => [name, value]));
}

function messageOf(random: Random): Message {
  const lines = (count: number): Lines =>
    Object.fromEntries(
      Array.from({ length: random.below(count) }, () => [
        `x-${random.pick(["a", "b", "c", "request-id", "long-name-that-repeats"])}`,
        Array.from({ length: 1 + random.below(2) }, () => valueOf(random)),
      ]),
    );
  const trailers = random.oneIn(3) ? { ...lines(3), "x-last": ["1"] } : undefined;
  return { headers: lines(6), body: "b".repeat(random.pick([0, 1, 500, 16_384, 40_000])), trailers };
}

function valueOf(random: Random): string {
  const text = Array.from({ length: random.below(30) }, () => String.fromCharCode(0x21 + random.below(94))).join("");
  return random.pick(["", "same", "same again", text, text, "v".repeat(random.pick([1, 200, 3000, 5000]))]);
}

/** Our side of a connection on one end of a pipe. */
function peerOn(pipe: Duplex, role: "client" | "server", onComplete: (id: number, peer: Peer) => void): Peer {
  let dirty = false;
  const peer: Peer = createPeer({
    role,
    own,
    onOutput: () => {
      if (dirty) return;
      dirty = true;
      queueMicrotask(() => {
        dirty = false;
        const bytes = peer.session.outbox.writer.take();
        if (bytes.length > 0) pipe.write(bytes);
      });
    },
    onComplete: (stream) => {
      onComplete(stream.id, peer);
    },
  });
  pipe.on("data", (chunk: Buffer) => {
    peer.session.receive(chunk);
  });
  return peer;
}

function send(peer: Peer, id: number, list: readonly string[], { body, trailers }: Message): void {
  const stream = peer.session.streams.get(id);
  if (stream === undefined) throw new Error("no stream");
  const bytes = Buffer.from(body);
  const last = trailers === undefined ? undefined : flat(trailers).flat();
  peer.session.outbox.headers(stream, list, false);
  peer.session.outbox.write(stream, bytes, [0, bytes.length], bytes.length, true, last);
}

function heardBy(peer: Peer, id: number): unknown {
  const heard = peer.heard.get(id);
  const list = (heard?.list ?? []).filter(([name]) => name.startsWith("x-"));
  return { headers: list, body: heard?.body.length, trailers: heard?.trailers ?? [] };
}

function nodeHeaders({ headers }: Message): OutgoingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).map(([name, values]) => [name, [...values]]));
}

/** Lists of Node as it received them. */
function rawLines(list: unknown): string[][] {
  const flatList: readonly string[] = Array.isArray(list) ? list : [];
  const lines: string[][] = [];
  for (let at = 0; at + 1 < flatList.length; at += 2) lines.push([flatList[at] ?? "", flatList[at + 1] ?? ""]);
  return lines.filter(([name = ""]) => name.startsWith("x-"));
}

type Listener = Pick<NodeJS.EventEmitter, "on">;

/** Collects what Node hears on a stream. */
function collect(stream: Listener, head: () => string[][], done: (heard: unknown) => void): void {
  let body = 0;
  let trailers: string[][] = [];
  stream.on("data", (chunk: Buffer) => (body += chunk.length));
  stream.on("trailers", (_: IncomingHttpHeaders, __: number, list: unknown) => (trailers = rawLines(list)));
  stream.on("end", () => {
    done({ headers: head(), body, trailers });
  });
}

async function askNode(messages: readonly (readonly [Message, Message])[]): Promise<readonly Exchanged[]> {
  const [ours, theirs] = duplexPair();
  const out: Exchanged[] = messages.map(() => ({ asked: undefined, answered: undefined }));
  const server = createServer();
  server.on("stream", (stream, _headers, _flags, list: unknown) => {
    const at = (Number(stream.id) - 1) / 2;
    const answer = messages[at]?.[1];
    const one = out[at];
    if (answer === undefined || one === undefined) return;
    collect(
      stream,
      () => rawLines(list),
      (heard) => {
        one.asked = heard;
        stream.respond({ ":status": 200, ...nodeHeaders(answer) }, { waitForTrailers: true });
        stream.on("wantTrailers", () => {
          stream.sendTrailers(nodeHeaders({ ...answer, headers: answer.trailers ?? {} }));
        });
        stream.end(answer.body);
      },
    );
  });
  server.emit("connection", theirs);
  await new Promise<void>((resolve) => {
    let left = messages.length;
    const peer = peerOn(ours, "client", (id) => {
      const one = out[(id - 1) / 2];
      if (one !== undefined) one.answered = heardBy(peer, id);
      left -= 1;
      if (left === 0) resolve();
    });
    for (const [asked] of messages) {
      const stream = peer.ask();
      if (stream === undefined) throw new Error("no stream");
      const pseudo = [":method", "POST", ":scheme", "http", ":authority", "a", ":path", "/"];
      send(peer, stream.id, [...pseudo, ...flat(asked.headers).flat()], asked);
    }
  });
  ours.destroy();
  theirs.destroy();
  return out;
}

async function answerNode(messages: readonly (readonly [Message, Message])[]): Promise<readonly Exchanged[]> {
  const [ours, theirs] = duplexPair();
  const out: Exchanged[] = messages.map(() => ({ asked: undefined, answered: undefined }));
  const peer = peerOn(ours, "server", (id) => {
    const at = (id - 1) / 2;
    const answer = messages[at]?.[1];
    const one = out[at];
    if (answer === undefined || one === undefined) return;
    one.asked = heardBy(peer, id);
    send(peer, id, [":status", "200", ...flat(answer.headers).flat()], answer);
  });
  const session = connect("http://a", { createConnection: () => theirs });
  await Promise.all(
    messages.map(
      ([asked], at) =>
        new Promise<void>((resolve, reject) => {
          const stream = session.request({ ":method": "POST", ...nodeHeaders(asked) }, { waitForTrailers: true });
          stream.on("wantTrailers", () => {
            stream.sendTrailers(nodeHeaders({ ...asked, headers: asked.trailers ?? {} }));
          });
          let head: string[][] = [];
          stream.on("response", (_headers, _flags, list: unknown) => (head = rawLines(list)));
          stream.on("error", reject);
          collect(
            stream,
            () => head,
            (heard) => {
              const one = out[at];
              if (one !== undefined) one.answered = heard;
              resolve();
            },
          );
          stream.end(asked.body);
        }),
    ),
  );
  session.destroy();
  ours.destroy();
  return out;
}

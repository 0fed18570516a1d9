import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { connect as connectTls, createSecureContext, type SecureContext } from "node:tls";
import { encodeProxyV2 } from "../../runtime/wire/proxy-v2.ts";
import type { Certificates } from "../conformance/sockets/certificates.ts";
import type { Lane } from "./questions.ts";

/** What Envoy answered to one request. */
export interface Reply {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
}

/** Opens a connection to Envoy that looks as the lane says. */
export async function open(path: string, lane: Lane, sourcePort: number, certificates: Certificates): Promise<Socket> {
  const raw = connect(path);
  // Told by what does not come.
  raw.on("error", () => undefined);
  await once(raw, "connect");
  const header = encodeProxyV2({
    source: { address: lane.sourceIp, port: sourcePort },
    destination: { address: lane.destinationIp, port: lane.destinationPort },
  });
  if (header === undefined) throw new Error("no PROXY header");
  raw.write(header);
  if (lane.certificate === undefined) return raw;
  const socket = connectTls({
    socket: raw,
    secureContext: await contextOf(certificates, lane.certificate),
    rejectUnauthorized: false,
    checkServerIdentity: () => undefined,
    ...(lane.sni === undefined ? {} : { servername: lane.sni }),
  });
  await once(socket, "secureConnect");
  return socket;
}

const contexts = new Map<string, Promise<SecureContext>>();

function contextOf(certificates: Certificates, name: string): Promise<SecureContext> {
  const found = contexts.get(name);
  if (found !== undefined) return found;
  const made = certificates.issue("mesh", name).then(({ chain, key }) => createSecureContext({ cert: chain, key }));
  contexts.set(name, made);
  return made;
}

/**
 * Sends requests in order, each behind the answer to the one before, and gives the replies; behind an answer that closes, a new
 * connection goes on. (Envoy ends a connection on which it refused a request while the next was already there.)
 */
export async function askAll(again: () => Promise<Socket>, requests: readonly string[]): Promise<readonly Reply[]> {
  const replies: Reply[] = [];
  let unanswered = 0;
  while (replies.length < requests.length) {
    const before = replies.length;
    await askOn(await again(), requests.slice(before), replies);
    unanswered = replies.length === before ? unanswered + 1 : 0;
    // Twice not even an answer: that too is one. Once may be the start of an Envoy on a busy machine.
    if (unanswered < 2) continue;
    replies.push({ status: 0, headers: new Map() });
    unanswered = 0;
  }
  return replies;
}

/** Asks on one connection until all is answered or it ends. */
async function askOn(socket: Socket, requests: readonly string[], replies: Reply[]): Promise<void> {
  const first = replies.length;
  let text = "";
  let lost = false;
  let wake = (): void => undefined;
  socket.on("data", (chunk: Buffer) => {
    text += chunk.toString("latin1");
    for (;;) {
      const end = text.indexOf("\r\n\r\n");
      const reply = end < 0 ? undefined : replyOf(text.slice(0, end));
      const isHead = requests[replies.length - first]?.startsWith("HEAD ") === true;
      const length = isHead ? 0 : Number(reply?.headers.get("content-length") ?? "0");
      if (reply === undefined || text.length < end + 4 + length) break;
      text = text.slice(end + 4 + length);
      replies.push(reply);
    }
    wake();
  });
  socket.on("error", () => undefined);
  socket.on("close", () => {
    lost = true;
    wake();
  });
  for (const request of requests) {
    const wanted = replies.length + 1;
    socket.write(`${request}\r\n\r\n`, "latin1");
    while (replies.length < wanted && !lost) {
      await new Promise<void>((done) => {
        wake = done;
      });
    }
    if (lost) break;
  }
  socket.destroy();
}

function replyOf(head: string): Reply {
  const [status = "", ...lines] = head.split("\r\n");
  const headers = lines.map((line): readonly [string, string] => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
  });
  return { status: Number(status.split(" ")[1]), headers: new Map(headers) };
}

/** Whether what was sent on a TCP connection came back. */
export async function echoes(socket: Socket): Promise<boolean> {
  socket.on("error", () => undefined);
  // Envoy wants five bytes before it says whether they are TLS.
  socket.write("hello\n");
  const answered = await new Promise<boolean>((done) => {
    socket.once("data", () => done(true));
    socket.once("close", () => done(false));
  });
  socket.destroy();
  return answered;
}

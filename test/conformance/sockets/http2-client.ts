import { type ClientHttp2Session, type ClientHttp2Stream, connect, type OutgoingHttpHeaders } from "node:http2";
import type { Duplex } from "node:stream";
import type { Http2Payload } from "../../../runtime/predict/payload.ts";
import type { Patience, ReadResult, Received } from "./read-answer.ts";

/** Begins HTTP/2 on a connection, by prior knowledge. */
export function openHttp2(socket: Duplex): ClientHttp2Session {
  const session = connect("http://unused", { createConnection: () => socket, maxSendHeaderBlockLength: 1024 * 1024 });
  session.on("error", () => undefined);
  return session;
}

/** Sends one request and reads its answer. */
export function askHttp2(session: ClientHttp2Session, payload: Http2Payload, patience: Patience): Promise<ReadResult> {
  return new Promise((resolve) => {
    const headers: OutgoingHttpHeaders = {};
    for (const [name, value] of payload.fields) {
      const before = headers[name];
      headers[name] = before === undefined ? value : [...[before].flat().map(String), value];
    }
    const parts: Buffer[] = [];
    let answer: Pick<Extract<Received, { kind: "http" }>, "status" | "headers"> | undefined;
    const timer = setTimeout(finish, patience.firstByteMs, "timeout");
    function finish(ended: "complete" | "end" | "timeout"): void {
      clearTimeout(timer);
      session.off("close", onClose);
      resolve({ ended, received: answer === undefined ? undefined : whole(answer, Buffer.concat(parts)) });
    }
    function onClose(): void {
      finish("end");
    }
    if (session.destroyed) {
      onClose();
      return;
    }
    let stream: ClientHttp2Stream;
    try {
      stream = session.request(headers, { endStream: payload.body.length === 0 });
    } catch (error) {
      clearTimeout(timer);
      resolve({
        received: undefined,
        ended: "error",
        error: error instanceof Error ? error : new Error(String(error)),
      });
      return;
    }
    session.on("close", onClose);
    stream.on("response", (fields) => {
      const lines = Object.entries(fields).filter(([name]) => !name.startsWith(":"));
      answer = {
        status: Number(fields[":status"]),
        headers: lines.flatMap(([name, value]) => [value].flat().map((each) => [name, String(each)] as const)),
      };
    });
    stream.on("data", (chunk: Buffer) => parts.push(chunk));
    stream.on("error", onClose);
    stream.on("close", () => finish(answer === undefined ? "end" : "complete"));
    if (payload.body.length > 0) stream.end(payload.body);
  });
}

function whole(
  answer: Pick<Extract<Received, { kind: "http" }>, "status" | "headers">,
  body: Buffer,
): Extract<Received, { kind: "http" }> {
  return { kind: "http", ...answer, body: body.toString("utf8"), interim: [], rest: Buffer.alloc(0) };
}

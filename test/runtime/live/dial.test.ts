import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { sendBytes } from "../../../runtime/live/dial.ts";
import type { Entrance } from "../../../runtime/proxy/send-request.ts";

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** A server that does this with every connection's first bytes. */
async function serve(answer: (socket: Socket, bytes: string) => void): Promise<Entrance> {
  const server = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.once("data", (bytes) => {
      answer(socket, bytes.toString("latin1"));
    });
  });
  servers.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return { at: { kind: "tcp", host: "127.0.0.1", port }, from: undefined, preamble: undefined };
}

const get = Buffer.from("GET / HTTP/1.1\r\nhost: a\r\n\r\n");

describe("bytes of a call", () => {
  it.each([
    ["a length", "HTTP/1.1 403 Forbidden\r\ncontent-length: 3\r\n\r\nabc", 403],
    ["chunks", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n", 200],
    ["no body", "HTTP/1.1 204 No Content\r\n\r\n", 204],
    ["an interim head first", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n", 404],
  ])("end with the answer: %s", async (_what, text, status) => {
    const entrance = await serve((socket) => socket.write(text));
    const answer = await sendBytes(entrance, get, true);
    expect(answer).toMatchObject({ status, error: undefined });
    expect(answer.localPort).toBeGreaterThan(0);
  });

  it("wait for the end of an answer that has no other", async () => {
    const entrance = await serve((socket) => socket.end("HTTP/1.1 200 OK\r\n\r\nabc"));
    expect(await sendBytes(entrance, get, true)).toMatchObject({ status: 200 });
  });

  it("have no status when nothing comes back, and say so", async () => {
    const entrance = await serve((socket) => socket.destroy());
    expect((await sendBytes(entrance, get, true)).status).toBeUndefined();
    expect((await sendBytes(entrance, get, true)).error).toMatch(/closed without an answer|ECONNRESET/);
  });

  it("need no answer when they are no request, but somebody who takes them", async () => {
    let seen = "";
    const entrance = await serve((_socket, bytes) => {
      seen = bytes;
    });
    const hello = Buffer.from("hello\n");
    expect(await sendBytes({ ...entrance, preamble: Buffer.from("first ") }, hello, false)).toMatchObject({
      error: undefined,
    });
    expect(seen).toBe("first hello\n");
    servers.pop()?.close();
    const gone = await serve(() => undefined);
    servers.pop()?.close();
    expect((await sendBytes(gone, hello, false)).error).toContain("ECONNREFUSED");
  });
});

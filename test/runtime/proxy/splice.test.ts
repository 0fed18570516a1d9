import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { expect, it, vi } from "vitest";
import { splice, type SpliceCounts } from "../../../runtime/proxy/splice.ts";

async function listen(onSocket: (socket: Socket) => void): Promise<AsyncDisposable & { readonly port: number }> {
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    onSocket(socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  return {
    port: typeof address === "object" ? (address?.port ?? 0) : 0,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

/** Reads in fits and starts, so that the other side has to wait. */
async function digest(socket: Socket): Promise<string> {
  const hash = createHash("sha256");
  let turns = 0;
  socket.on("data", (chunk: Buffer) => {
    hash.update(chunk);
    if (turns++ % 3 !== 0) return;
    socket.pause();
    setImmediate(() => socket.resume());
  });
  await once(socket, "end");
  return hash.digest("hex");
}

it("megabytes both ways at once, past readers that stall, arrive as they were sent", async () => {
  const [there, back] = [randomBytes(8_000_000), randomBytes(6_000_000)];
  const sha = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");
  let arrived: Promise<string> | undefined;
  await using server = await listen((socket) => {
    socket.end(back);
    arrived = digest(socket);
  });
  let counts: SpliceCounts | undefined;
  await using proxy = await listen((socket) => {
    const onward = connect({ port: server.port, host: "127.0.0.1", allowHalfOpen: true });
    onward.once("connect", () => splice(socket, onward, { onEnd: (sum) => (counts = sum) }));
  });
  const client = connect({ port: proxy.port, host: "127.0.0.1", allowHalfOpen: true });
  client.end(there);
  expect(await digest(client)).toBe(sha(back));
  expect(await arrived).toBe(sha(there));
  await vi.waitFor(() => expect(counts).toBeDefined());
  expect(counts).toMatchObject({ forward: there.length, backward: back.length, error: undefined });
});

it.each([
  ["nobody says anything", () => undefined],
  ["one side has ended and the other says nothing", (client: Socket) => client.end("last")],
])("ends both sides when %s for as long as is allowed", async (_, begin) => {
  await using server = await listen((socket) => socket.resume());
  const ended = Promise.withResolvers<SpliceCounts>();
  await using proxy = await listen((socket) => {
    const onward = connect({ port: server.port, host: "127.0.0.1", allowHalfOpen: true });
    onward.once("connect", () => splice(socket, onward, { idleMs: 30, onEnd: ended.resolve }));
  });
  const client = connect({ port: proxy.port, host: "127.0.0.1", allowHalfOpen: true });
  begin(client);
  client.resume();
  const closed = once(client, "close");
  client.once("end", () => client.end());
  expect(await ended.promise).toMatchObject({ idle: true, error: undefined });
  await closed;
});

it("bytes of one way keep the other one open", async () => {
  let beats = 0;
  await using server = await listen((socket) => {
    const timer = setInterval(() => {
      beats += 1;
      if (beats <= 20) return socket.write("x");
      clearInterval(timer);
      return socket.end();
    }, 20);
    socket.on("close", () => clearInterval(timer));
    socket.resume();
  });
  const ended = Promise.withResolvers<SpliceCounts>();
  await using proxy = await listen((socket) => {
    const onward = connect({ port: server.port, host: "127.0.0.1", allowHalfOpen: true });
    onward.once("connect", () => splice(socket, onward, { idleMs: 5000, onEnd: ended.resolve }));
  });
  const client = connect({ port: proxy.port, host: "127.0.0.1" });
  client.resume();
  expect(await ended.promise).toMatchObject({ idle: false, backward: 20 });
});

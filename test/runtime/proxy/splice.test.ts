import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { setImmediate as turn } from "node:timers/promises";
import { expect, it } from "vitest";
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
  for await (const chunk of socket as AsyncIterable<Buffer>) {
    hash.update(chunk);
    if (turns++ % 3 === 0) await turn();
  }
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
  expect(counts).toMatchObject({ forward: there.length, backward: back.length, error: undefined });
});

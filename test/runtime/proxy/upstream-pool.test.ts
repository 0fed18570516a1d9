import { once } from "node:events";
import { connect, createServer } from "node:net";
import type { AddressInfo, Server, Socket } from "node:net";
import { expect, test, vi } from "vitest";
import { systemClock } from "../../../runtime/core/clock.ts";
import { createUpstreamPool, upstreamConnection } from "../../../runtime/proxy/upstream-pool.ts";
import type { UpstreamConnection } from "../../../runtime/proxy/upstream-pool.ts";

interface Peers extends AsyncDisposable {
  readonly open: (key: string) => Promise<{ readonly connection: UpstreamConnection; readonly far: Socket }>;
}

async function createPeers(): Promise<Peers> {
  const server: Server = createServer({ allowHalfOpen: true });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const sockets: Socket[] = [];
  return {
    open: async (key) => {
      const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
      const [far] = (await once(server, "connection")) as [Socket];
      sockets.push(socket, far);
      far.on("error", () => undefined);
      if (socket.connecting) await once(socket, "connect");
      return { connection: upstreamConnection({ socket, key, handshake: null, leaf: undefined, spiffe: null }), far };
    },
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((done) => server.close(done));
    },
  };
}

test("hands out the connection that was given last, of the same key only", async () => {
  await using peers = await createPeers();
  const pool = createUpstreamPool(systemClock);
  const [a, b, c] = [await peers.open("k"), await peers.open("k"), await peers.open("other")];
  for (const { connection } of [a, b, c]) pool.give(connection, 60_000);
  expect(pool.size()).toBe(3);
  expect(pool.take("k")).toBe(b.connection);
  expect(pool.take("k")).toBe(a.connection);
  expect(pool.take("k")).toBeUndefined();
  expect(pool.size()).toBe(1);
  expect(b.connection.used).toBe(1);
});

test.each<[what: string, act: (far: Socket) => void]>([
  ["says something unasked", (far) => far.write("HTTP/1.1 200 OK\r\n\r\n")],
  ["ends", (far) => far.end()],
  ["is reset", (far) => far.resetAndDestroy()],
])("a waiting connection that %s is never handed out again, also the second time it waits", async (_what, act) => {
  await using peers = await createPeers();
  const pool = createUpstreamPool(systemClock);
  const { connection, far } = await peers.open("k");
  pool.give(connection, 60_000);
  expect(pool.take("k")).toBe(connection);
  pool.give(connection, 60_000);
  act(far);
  await vi.waitFor(() => {
    expect(connection.socket.destroyed).toBe(true);
  });
  expect(pool.size()).toBe(0);
  expect(pool.take("k")).toBeUndefined();
});

test("what a connection says while it is in use is not the pool's business, and it listens once only", async () => {
  await using peers = await createPeers();
  const pool = createUpstreamPool(systemClock);
  const { connection, far } = await peers.open("k");
  pool.give(connection, 60_000);
  const watched = connection.socket.listenerCount("close");
  for (let i = 0; i < 50; i += 1) {
    pool.take("k");
    const said = Promise.withResolvers<string>();
    connection.reader = {
      onData: (chunk) => {
        said.resolve(chunk.toString());
      },
      onEnd: () => undefined,
      onDrain: () => undefined,
    };
    far.write("x");
    expect(await said.promise).toBe("x");
    connection.reader = undefined;
    pool.give(connection, 60_000);
  }
  expect(connection.socket.listenerCount("close")).toBe(watched);
  expect(connection.socket.destroyed).toBe(false);
  expect(pool.take("k")).toBe(connection);
});

test("time and a failed test end those that wait", async () => {
  await using peers = await createPeers();
  let now = 0;
  const timers: (() => void)[] = [];
  const clock = {
    now: () => now,
    monotonic: () => now,
    after: (_ms: number, task: () => void) => {
      timers.push(task);
      return () => undefined;
    },
  };
  const pool = createUpstreamPool(clock);
  const [old, fresh, other] = [await peers.open("k"), await peers.open("k"), await peers.open("other")];
  pool.give(old.connection, 1000);
  pool.give(fresh.connection, 5000);
  pool.give(other.connection, 5000);
  now = 2000;
  timers.shift()?.();
  expect(old.connection.socket.destroyed).toBe(true);
  expect(pool.size()).toBe(2);
  pool.sweep(({ key }) => key === "k");
  expect(other.connection.socket.destroyed).toBe(true);
  now = 6000;
  expect(pool.take("k")).toBeUndefined();
  expect(fresh.connection.socket.destroyed).toBe(true);
  expect(pool.size()).toBe(0);
});

import { randomBytes } from "node:crypto";
import { connect } from "node:net";
import type { NetConnectOpts } from "node:net";
import { join } from "node:path";
import { assert, asyncProperty, constantFrom, nat, uint8Array } from "fast-check";
import { expect, test, vi } from "vitest";
import { exchange, readAll } from "../../support/proxy-talk.ts";
import { createProxyWorld } from "../../support/proxy-world.ts";

const project = `
services:
  frontend: {run: x, port: 8080}
  backend: {run: x, ports: [{name: http, port: 8080}, {name: tcp, port: 9000}, {name: data, port: 9500}]}
`;

const get = "GET /x HTTP/1.1\r\nHost: backend:8080\r\n\r\n";

/** Sends bytes in two pieces and leaves. Whatever comes back is fine; what counts is who is still alive afterwards. */
function throwAt(at: NetConnectOpts, bytes: Buffer, cut: number): Promise<void> {
  return new Promise((done) => {
    const socket = connect(at);
    socket.on("error", () => undefined);
    socket.on("close", () => {
      done();
    });
    socket.on("data", () => undefined);
    socket.write(bytes.subarray(0, cut));
    socket.write(bytes.subarray(cut), () => {
      setImmediate(() => socket.destroy());
    });
  });
}

const proxyV2 = Buffer.from("0d0a0d0a000d0a515549540a", "hex");

const start = constantFrom(
  Buffer.alloc(0),
  Buffer.from("160301", "hex"),
  Buffer.from("1603010200010001fc0303", "hex"),
  Buffer.from("GET / HTTP/1.1\r\n"),
  Buffer.from("POST / HTTP/1.1\r\nHost: b\r\nTransfer-Encoding: chunked\r\n\r\n"),
  Buffer.from("POST / HTTP/1.1\r\nHost: b\r\nContent-Length: 5\r\n\r\n"),
  Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
  proxyV2,
  Buffer.concat([proxyV2, Buffer.from("2111000c0a60000a0a60000a1f901f90", "hex")]),
);

test("hostile bytes on every port crash nothing, and honest callers are served after them", async () => {
  await using world = await createProxyWorld({ project });
  await world.http("backend-1", 8080, (request, response) => {
    request.resume();
    response.end("ok");
  });
  for (const port of [9000, 9500]) await world.tcp("backend-1", port, (socket) => socket.resume());
  const targets: readonly NetConnectOpts[] = [
    ...[8080, 9000, 9500].map((port) => world.inbound("backend-1", port)),
    { path: join(world.folder, "o-frontend-1") },
  ];
  const faults: unknown[] = [];
  const onFault = (fault: unknown): void => {
    faults.push(fault);
  };
  process.on("uncaughtException", onFault);
  await assert(
    asyncProperty(
      nat(targets.length - 1),
      start,
      uint8Array({ maxLength: 200 }),
      nat(),
      async (target, head, tail, cut) => {
        const at = targets[target];
        const bytes = Buffer.concat([head, tail]);
        if (at !== undefined) await throwAt(at, bytes, cut % (bytes.length + 1));
      },
    ),
    { numRuns: 400 },
  );
  process.off("uncaughtException", onFault);
  expect(faults).toEqual([]);
  const answer = await exchange(world.dial("frontend-1", "backend", 8080), get);
  expect(answer.status).toBe(200);
});

test("a head or a first line without end is cut off, not collected", async () => {
  await using world = await createProxyWorld({ project });
  const endless = Buffer.alloc(300 * 1024, "x");
  for (const [port, prefix] of [
    [8080, "GET / HTTP/1.1\r\nHost: b\r\nX: "],
    [9500, "GET /"],
  ] as const) {
    const socket = connect(world.inbound("backend-1", port));
    socket.on("error", () => undefined);
    socket.write(prefix);
    socket.write(endless);
    const { bytes } = await readAll(socket);
    expect(bytes.toString("latin1")).toMatch(port === 8080 ? /^(HTTP\/1.1 431|$)/ : /^$/);
  }
});

test("a caller that sends no destination in time, or a broken one, is let go", async () => {
  await using world = await createProxyWorld({ project });
  const socket = connect({ path: join(world.folder, "o-frontend-1") });
  socket.write(randomBytes(64));
  expect((await readAll(socket)).bytes.length).toBe(0);
  await vi.waitFor(() => {
    expect(socket.destroyed).toBe(true);
  });
});

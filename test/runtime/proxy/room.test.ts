import { once } from "node:events";
import type { Socket } from "node:net";
import { expect, test, vi } from "vitest";
import { exchange, readAll } from "../../support/proxy-talk.ts";
import { createProxyWorld } from "../../support/proxy-world.ts";
import { strict, twoServices as project } from "../../support/strict-mesh.ts";

const get = "GET / HTTP/1.1\r\nhost: backend:8080\r\n\r\n";

test("at the limit new connections are cut and told, open ones go on, and room is used again", async () => {
  // 64 are kept back; of the other 24 a program may take 12.
  await using world = await createProxyWorld({ project, mesh: strict, descriptors: 64 + 24 });
  await world.http("backend-1", 8080, (_request, response) => response.end("ok"));
  const idle: Socket[] = [];
  for (let i = 0; i < 12; i += 1) {
    const socket = world.dial("frontend-1", "backend", 8080);
    await once(socket, "connect");
    idle.push(socket);
  }
  const refused = await readAll(world.dial("frontend-1", "backend", 8080));
  expect(refused.bytes.length).toBe(0);
  const again = await readAll(world.dial("frontend-1", "backend", 8080));
  expect(again.bytes.length).toBe(0);
  const told = () => world.events.filter(({ type }) => type === "listener.failed");
  expect(told()).toHaveLength(1);
  expect(told()[0]).toMatchObject({ proxy: "frontend-1", full: true, error: expect.stringContaining("12 are open") });

  // Three more connections stand behind the first answer, and all twelve use them.
  for (const socket of idle) expect((await exchange(socket, get)).status).toBe(200);

  for (const socket of idle.splice(0, 8)) socket.destroy();
  await vi.waitFor(() => {
    const listeners = world.events.filter(({ type }) => type === "listener.bound" || type === "listener.failed");
    expect(listeners.at(-1)).toMatchObject({ type: "listener.bound", proxy: "frontend-1", error: null });
  });
  expect((await exchange(world.dial("frontend-1", "backend", 8080), get)).status).toBe(200);
});

test("a server is not dialled at the limit: the caller gets Envoy's answer", async () => {
  // Of 3 connections one is the program's, and the two sidecars' own need another two before the application's.
  await using world = await createProxyWorld({ project, mesh: strict, descriptors: 64 + 3 });
  await world.http("backend-1", 8080, (_request, response) => response.end("ok"));
  const answer = await exchange(world.dial("frontend-1", "backend", 8080), get);
  expect(answer.status).toBe(503);
});

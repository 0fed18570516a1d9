import { once } from "node:events";
import type { Socket } from "node:net";
import { expect, test } from "vitest";
import { exchange } from "../../support/proxy-talk.ts";
import { createProxyWorld } from "../../support/proxy-world.ts";
import { strict, twoServices as project } from "../../support/strict-mesh.ts";

const get = "GET / HTTP/1.1\r\nhost: backend:8080\r\n\r\n";

test("a thousand connections that come at once and then wait are all still there, and share what is behind them", async () => {
  await using world = await createProxyWorld({ project, mesh: strict });
  let behind = 0;
  const server = await world.http("backend-1", 8080, (_request, response) => response.end("ok"));
  server.on("connection", () => {
    behind += 1;
  });
  const idle: Socket[] = Array.from({ length: 1000 }, () => world.dial("frontend-1", "backend", 8080));
  await Promise.all(idle.map((socket) => once(socket, "connect")));
  for (const socket of idle) expect((await exchange(socket, get)).status).toBe(200);
  for (const socket of idle.slice(0, 50)) expect((await exchange(socket, get)).status).toBe(200);
  expect(idle.filter((socket) => socket.destroyed)).toEqual([]);
  // One request at a time: what waits costs a connection of its own only on the program's side.
  expect(behind).toBeLessThan(10);
});

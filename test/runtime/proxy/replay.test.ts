import { expect, test } from "vitest";
import { createOriginationWorld } from "../../support/origination-world.ts";
import { exchange } from "../../support/proxy-talk.ts";

// Whether the other side had read a request before the connection broke can't be known: only what may be repeated is sent again.
test.each([
  ["GET", 200, 2],
  ["POST", 503, 1],
] as const)("a re-used connection breaks under a %s: answer %i, sent %i times", async (method, status, times) => {
  let seen = 0;
  await using origination = await createOriginationWorld(
    (server) => {
      let requests = 0;
      server.on("data", (bytes) => {
        if (bytes.includes("/second")) seen += 1;
        requests += 1;
        if (requests === 2) server.destroy();
        else server.write("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
      });
    },
    (path) => ({
      mode: "simple",
      sni: "fixed",
      subjectAltNames: [],
      caFile: path("ca"),
      certFile: undefined,
      keyFile: undefined,
      skipVerify: false,
    }),
  );
  const { world } = origination;
  const socket = world.dial("frontend-1", "backend", 8080);
  expect((await exchange(socket, "GET /first HTTP/1.1\r\nHost: backend:8080\r\n\r\n")).status).toBe(200);
  const second = `${method} /second HTTP/1.1\r\nHost: backend:8080\r\ncontent-length: 0\r\n\r\n`;
  expect((await exchange(socket, second)).status).toBe(status);
  expect(seen).toBe(times);
  socket.destroy();
});

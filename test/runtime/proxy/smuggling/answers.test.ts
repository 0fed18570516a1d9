import { join } from "node:path";
import type { Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { exchange, readAnswer } from "../../../support/proxy-talk.ts";
import { createProxyWorld, type ProxyWorld } from "../../../support/proxy-world.ts";
import { createRawApp, type RawApp } from "../../../support/raw-app.ts";
import { answers } from "./answers.ts";

const project = `
services:
  frontend: {run: x, port: 8080}
  shop: {run: x, port: 8080}
  backend: {run: x, port: 8080}
`;

let world: ProxyWorld;
let app: RawApp;
let canaries = 0;

beforeAll(async () => {
  world = await createProxyWorld({ project });
  app = await createRawApp(join(world.folder, "a-backend-1-8080"));
});

afterAll(async () => {
  await app.close();
  await world[Symbol.asyncDispose]();
});

const ask = (target: string, method = "GET"): string => `${method} ${target} HTTP/1.1\r\nHost: backend:8080\r\n\r\n`;

/** Another caller asks, and gets the answer to its own question. */
async function canary(): Promise<void> {
  canaries += 1;
  const target = `/canary-${canaries}`;
  app.answer = (request, to) => {
    const asked = request.head.split(" ")[1] ?? "";
    to.write(`HTTP/1.1 200 OK\r\ncontent-length: ${asked.length}\r\n\r\n${asked}`);
  };
  const socket = world.dial("shop-1", "backend", 8080);
  const { status, body } = await exchange(socket, ask(target));
  socket.destroy();
  expect([status, body]).toEqual([200, target]);
}

describe("answers that try to be more than one", () => {
  it.each(answers)("$name", async ({ answer, later, ends, caller, method }) => {
    const answered: Socket[] = [];
    app.answer = (_, to) => {
      answered.push(to);
      to.write(answer, "latin1");
      if (ends === true) to.end();
    };
    const socket = world.dial("frontend-1", "backend", 8080);
    socket.on("error", () => undefined);
    const seen = exchange(socket, ask("/x", method), method).then(
      ({ status, body }) => [status, body],
      () => "cut",
    );
    // Interim answers come first.
    let last = await seen;
    while (Array.isArray(last) && Number(last[0]) < 200) {
      const { status, body } = await readAnswer(socket, method);
      last = [status, body];
    }
    expect(last).toEqual(caller);
    if (later !== undefined) {
      for (const to of answered) to.write(later, "latin1");
      // Once the sidecar has seen it, it ends the connection.
      await vi.waitFor(() => {
        expect(answered.every((to) => to.destroyed || to.readableEnded)).toBe(true);
      });
    }
    await canary();
    socket.destroy();
  });
});

describe("requests that end early", () => {
  it("a caller that leaves in the middle of a body: nobody else's request becomes the rest of it", async () => {
    const before = app.arrived.length;
    const socket = world.dial("frontend-1", "backend", 8080);
    socket.write("POST /half HTTP/1.1\r\nHost: backend:8080\r\nContent-Length: 100\r\n\r\nhalf");
    await vi.waitFor(() => {
      expect(app.arrived.slice(before).map(({ body }) => body)).toEqual(["half"]);
    });
    socket.destroy();
    await canary();
    expect(app.arrived.slice(before).map(({ complete, head }) => [head.split(" ")[1], complete])).toEqual([
      ["/half", false],
      [`/canary-${canaries}`, true],
    ]);
  });

  it("an answer before the body is here: the connection to the application is not used again", async () => {
    const before = app.arrived.length;
    const socket = world.dial("frontend-1", "backend", 8080);
    socket.write("POST /early HTTP/1.1\r\nHost: backend:8080\r\nContent-Length: 100\r\n\r\nhalf");
    await vi.waitFor(() => {
      expect(app.arrived.length).toBe(before + 1);
    });
    app.answerNow("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
    expect(await readAnswer(socket)).toMatchObject({ status: 200, body: "ok", headers: { connection: "close" } });
    await canary();
    expect(app.arrived.slice(before).map(({ head }) => head.split(" ")[1])).toEqual(["/early", `/canary-${canaries}`]);
  });
});

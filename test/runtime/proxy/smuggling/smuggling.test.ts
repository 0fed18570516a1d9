import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { exchange } from "../../../support/proxy-talk.ts";
import { createProxyWorld, type ProxyWorld } from "../../../support/proxy-world.ts";
import { createRawApp, type Arrived, type RawApp } from "../../../support/raw-app.ts";
import { readers, readSloppily } from "./sloppy-readers.ts";
import { tricks } from "./tricks.ts";

const project = `
services:
  frontend: {run: x, port: 8080}
  shop: {run: x, port: 8080}
  backend: {run: x, port: 8080}
`;

/** Only what begins with /public may be asked for. Plaintext is allowed, so that what a caller's sidecar takes for TCP is read by the server's. */
const mesh = `
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: public, namespace: default}
spec:
  selector: {matchLabels: {app: backend}}
  rules: [{to: [{operation: {paths: ["/public*"]}}]}]
`;

let world: ProxyWorld;
let app: RawApp;
let canaries = 0;

beforeAll(async () => {
  world = await createProxyWorld({ project, mesh });
  app = await createRawApp(join(world.folder, "a-backend-1-8080"));
});

afterAll(async () => {
  await app.close();
  await world[Symbol.asyncDispose]();
});

/** Another caller's request over whatever connections the trick left in the pools: it must arrive, and be answered, as if nothing had been. */
async function canary(): Promise<void> {
  canaries += 1;
  const target = `/public/canary-${canaries}`;
  const before = app.arrived.length;
  const socket = world.dial("shop-1", "backend", 8080);
  const answer = await exchange(socket, `GET ${target} HTTP/1.1\r\nHost: backend:8080\r\n\r\n`);
  socket.destroy();
  expect([answer.status, answer.body]).toEqual([200, target]);
  // A request that began and broke may be told of late; it is never whole.
  expect(
    app.arrived
      .slice(before)
      .filter(({ complete }) => complete)
      .map(summary),
  ).toEqual([`GET ${target}`]);
}

function summary({ head, body }: Arrived): string {
  const [method, target] = head.split(" ");
  return `${method} ${target}${body === "" ? "" : ` ${body}`}`;
}

/** The usual application: 200, and a canary gets its own path as the body. */
function answerUsually(request: Arrived, socket: { write: (text: string) => unknown }): void {
  const target = request.head.split(" ")[1] ?? "";
  const body = target.startsWith("/public/canary") ? target : "ok";
  const head = `HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n`;
  socket.write(request.head.startsWith("HEAD ") ? head : head + body);
}

function statuses(received: string): readonly number[] {
  return [...received.matchAll(/HTTP\/1\.1 (\d{3}) [A-Z][^\r\n]*\r\n/g)]
    .map(([, status]) => Number(status))
    .filter((status) => status >= 200);
}

describe.each(Object.entries(tricks))("%s", (_, table) => {
  it.each(table)("$name", async ({ send, app: wanted, caller }) => {
    app.answer = answerUsually;
    const before = app.arrived.length;
    const socket = world.dial("frontend-1", "backend", 8080);
    let received = "";
    socket.on("data", (chunk: Buffer) => (received += chunk.toString("latin1")));
    for (const piece of send) {
      socket.write(piece, "latin1");
      // A piece is a packet of its own.
      if (send.length > 1) await new Promise((next) => setImmediate(next));
    }
    await vi.waitFor(() => {
      expect(statuses(received).length).toBeGreaterThanOrEqual(caller.length);
    });
    await canary();
    expect(statuses(received)).toEqual(caller);
    // A request whose body broke may have begun; it never became one.
    const arrived = app.arrived.slice(before).filter(({ complete }) => complete);
    expect(arrived.map(summary)).toEqual([...wanted, `GET /public/canary-${canaries}`]);
    expect(app.arrived.slice(before).filter(({ head }) => /^\S+ \/admin/.test(head))).toEqual([]);
    socket.destroy();
  });
});

describe("what every reader behind the sidecar sees", () => {
  it.each(readers)("is what was decided: $name", (reader) => {
    const wanted = app.arrived.filter(({ complete }) => complete).map(summary);
    expect(wanted.length).toBeGreaterThan(150);
    expect(app.streams.flatMap((stream) => readSloppily(stream, reader)).toSorted()).toEqual(wanted.toSorted());
  });
});

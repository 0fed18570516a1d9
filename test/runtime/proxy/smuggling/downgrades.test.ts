import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { opening, request, verdictOf } from "../../../support/http2-frames.ts";
import { exchange } from "../../../support/proxy-talk.ts";
import { createProxyWorld, type ProxyWorld } from "../../../support/proxy-world.ts";
import { createRawApp, type RawApp } from "../../../support/raw-app.ts";
import { downgrades } from "./downgrades.ts";
import { readers, readSloppily } from "./sloppy-readers.ts";

const project = `
services:
  frontend: {run: x, port: 8080}
  backend: {run: x, port: 8080}
`;

const mesh = `
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: istio-system}
spec: {mtls: {mode: STRICT}}
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: public, namespace: default}
spec:
  selector: {matchLabels: {app: backend}}
  rules: [{to: [{operation: {paths: ["/public*"]}}]}]
`;

let world: ProxyWorld;
let app: RawApp;

beforeAll(async () => {
  world = await createProxyWorld({ project, mesh });
  app = await createRawApp(join(world.folder, "a-backend-1-8080"));
});

afterAll(async () => {
  await app.close();
  await world[Symbol.asyncDispose]();
});

const summary = ({ head, body }: RawApp["arrived"][number]): string => {
  const [method, target] = head.split(" ");
  return `${method} ${target}${body === "" ? "" : ` ${body}`}`;
};

describe("HTTP/2 requests on their way to an HTTP/1 application", () => {
  it.each(downgrades)("$name", async ({ headers, body, app: allowed, verdict, strictness }) => {
    const before = app.arrived.length;
    const socket = world.dial("frontend-1", "backend", 8080);
    let received: Buffer = Buffer.alloc(0);
    let ended = false;
    socket.on("data", (chunk: Buffer) => (received = Buffer.concat([received, chunk])));
    socket.on("error", () => undefined);
    socket.on("close", () => (ended = true));
    socket.on("end", () => (ended = true));
    socket.write(Buffer.concat([opening(), request(1, headers, body)]));
    const told = await vi.waitFor(() => {
      const now = verdictOf(received, 1) ?? (ended ? "reset" : undefined);
      expect(now).toBeOneOf(strictness === "varies" ? [verdict, "reset"] : [verdict]);
      return now;
    });
    const other = world.dial("frontend-1", "backend", 8080);
    const { status } = await exchange(other, "GET /public/canary HTTP/1.1\r\nHost: backend:8080\r\n\r\n");
    expect(status).toBe(200);
    const arrived = app.arrived.slice(before);
    const wanted = told === verdict ? allowed : [];
    expect(arrived.filter(({ complete }) => complete).map(summary)).toEqual([...wanted, "GET /public/canary"]);
    expect(arrived.filter(({ head }) => /^\S+ \/admin|^x:/im.test(head))).toEqual([]);
    other.destroy();
    socket.destroy();
  });

  it.each(readers)("are read alike by everybody: $name", (reader) => {
    const wanted = app.arrived.filter(({ complete }) => complete).map(summary);
    expect(wanted.length).toBeGreaterThan(downgrades.length);
    expect(app.streams.flatMap((stream) => readSloppily(stream, reader)).toSorted()).toEqual(wanted.toSorted());
  });
});

import { connect as connect2 } from "node:http2";
import { connect } from "node:net";
import { expect, test, vi } from "vitest";
import type { ExchangeEvent } from "../../../runtime/model/event.ts";
import type { ResendOutcome } from "../../../runtime/model/dataplane.ts";
import { exchange } from "../../support/proxy-talk.ts";
import { createProxyWorld } from "../../support/proxy-world.ts";
import type { ProxyWorld } from "../../support/proxy-world.ts";
import { strict, twoServices as project } from "../../support/strict-mesh.ts";

function denying(path: string): string {
  return `${strict}---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: d, namespace: default}
spec: {action: DENY, rules: [{to: [{operation: {paths: [${path}]}}]}]}
`;
}

let tokens = 0;

async function resend(world: ProxyWorld, id: string): Promise<ResendOutcome> {
  const token = ++tokens;
  world.send({ type: "resend", token, id });
  return vi.waitFor(
    () => {
      const answer = world.sent.find((each) => each.type === "resent" && each.token === token);
      if (answer?.type !== "resent") throw new Error("no answer yet");
      return answer.outcome;
    },
    { timeout: 10_000 },
  );
}

function onceSeen(world: ProxyWorld, isIt: (event: ExchangeEvent) => boolean): Promise<ExchangeEvent> {
  return vi.waitFor(
    () => {
      const found = world.exchanges().find(isIt);
      if (found === undefined) throw new Error("not seen yet");
      return found;
    },
    { timeout: 10_000 },
  );
}

/** An application that says what it got. */
async function echo(world: ProxyWorld): Promise<string[]> {
  const got: string[] = [];
  await world.http("backend-1", 8080, (request, response) => {
    let body = "";
    request.setEncoding("latin1").on("data", (chunk: string) => (body += chunk));
    request.on("end", () => {
      got.push(
        `${request.method} ${request.url} ${request.headers["authorization"] ?? "-"} ${[request.headers["x-n"] ?? "-"].join()} ${body}`,
      );
      response.end("ok");
    });
  });
  return got;
}

test("a denied request is sent again by its caller's sidecar, and allowed once the policy is", async () => {
  await using world = await createProxyWorld({ project, mesh: denying("/api/*") });
  const got = await echo(world);
  const socket = world.dial("frontend-1", "backend", 8080);
  const first = await exchange(
    socket,
    "GET /api/data?token=s3cret HTTP/1.1\r\nHost: backend:8080\r\nAuthorization: Bearer s3cret\r\nX-N: 1\r\nConnection: keep-alive\r\n\r\n",
  );
  expect(first.status).toBe(403);
  const denied = await onceSeen(world, ({ side }) => side === "inbound");
  const asked = await onceSeen(world, ({ side }) => side === "outbound");

  const again = await resend(world, denied.id);
  expect(again).toMatchObject({ ok: true, status: 403 });
  await world.apply(denying("/other"));
  const after = await resend(world, denied.id);
  if (!after.ok) throw new Error(after.reason);
  expect(after.status).toBe(200);
  // The application got the real secrets; whoever looks does not.
  expect(got).toEqual(["GET /api/data?token=s3cret Bearer s3cret 1 "]);
  const inbound = await onceSeen(world, (event) => event.requestId === after.requestId && event.side === "inbound");
  const outbound = await onceSeen(world, (event) => event.requestId === after.requestId && event.side === "outbound");
  expect(inbound).toMatchObject({ replayOf: denied.id, status: 200, decision: { verdict: "allow" } });
  expect(inbound.from.spiffe).toBe(denied.from.spiffe);
  expect(outbound).toMatchObject({ replayOf: asked.id, status: 200 });
  expect(inbound.requestId).not.toBe(denied.requestId);
  expect(JSON.stringify(world.events)).not.toContain("s3cret");
  expect(denied).not.toHaveProperty("replayOf");
  // A replay can be sent again, and from the caller's side too.
  expect(await resend(world, inbound.id)).toMatchObject({ ok: true, status: 200 });
  expect(await resend(world, asked.id)).toMatchObject({ ok: true, status: 200 });
  socket.destroy();
});

test("bodies are sent again as they were, in whatever pieces they came, while somebody watches", async () => {
  await using world = await createProxyWorld({ project, mesh: strict });
  const got = await echo(world);
  const socket = world.dial("frontend-1", "backend", 8080);
  await exchange(socket, "POST /a HTTP/1.1\r\nHost: backend\r\nContent-Length: 5\r\n\r\nhello");
  socket.write("POST /b HTTP/1.1\r\nHost: backend\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
  await exchange(socket, "3\r\ndef\r\n0\r\n\r\n");
  const large = "x".repeat(300_000);
  await exchange(socket, `POST /large HTTP/1.1\r\nHost: backend\r\nContent-Length: ${large.length}\r\n\r\n${large}`);
  for (const path of ["/a", "/b"]) {
    const seen = await onceSeen(world, (event) => event.path === path && event.side === "inbound");
    expect(await resend(world, seen.id)).toMatchObject({ ok: true, status: 200 });
  }
  expect(got.filter((each) => !each.includes("/large"))).toEqual([
    "POST /a - - hello",
    "POST /b - - abcdef",
    "POST /a - - hello",
    "POST /b - - abcdef",
  ]);
  const unkept = await onceSeen(world, (event) => event.path === "/large" && event.side === "inbound");
  expect(await resend(world, unkept.id)).toMatchObject({ ok: false, reason: expect.stringContaining("300000 bytes") });

  world.send({ type: "observe", perSecond: 0, headers: false });
  await exchange(socket, "POST /unseen HTTP/1.1\r\nHost: backend\r\nContent-Length: 2\r\n\r\nhi");
  world.send({ type: "observe", perSecond: 100_000, headers: true });
  world.send({ type: "replay", token: 1 });
  const unseen = await onceSeen(world, (event) => event.path === "/unseen" && event.side === "inbound");
  expect(await resend(world, unseen.id)).toMatchObject({ ok: false, reason: expect.stringContaining("2 bytes") });
  socket.destroy();
});

test("what came from outside comes from outside again", async () => {
  await using world = await createProxyWorld({ project });
  const got = await echo(world);
  const socket = connect(world.inbound("backend-1", 8080));
  await exchange(socket, "PUT //x/../y HTTP/1.1\r\nHost: outside\r\nContent-Length: 0\r\n\r\n");
  const seen = await onceSeen(world, ({ side }) => side === "inbound");
  expect(seen.from.workload).toBeNull();
  expect(await resend(world, seen.id)).toMatchObject({ ok: true, status: 200 });
  expect(got).toHaveLength(2);
  expect(got[1]).toBe(got[0]);
  expect(world.exchanges("outbound")).toEqual([]);
  socket.destroy();
});

test("HTTP/2 is sent again as HTTP/2", async () => {
  await using world = await createProxyWorld({ project, mesh: strict });
  const got = await echo(world);
  const socket = world.dial("frontend-1", "backend", 8080);
  const session = connect2("http://backend", { createConnection: () => socket });
  const stream = session.request({ ":method": "POST", ":path": "/two", ":authority": "backend:8080", "x-n": "2" });
  stream.resume();
  stream.end("body");
  await new Promise((done) => stream.on("close", done));
  const seen = await onceSeen(world, ({ side }) => side === "outbound");
  expect(seen.protocol).toBe("HTTP/2");
  const after = await resend(world, seen.id);
  expect(after).toMatchObject({ ok: true, status: 200 });
  expect(got).toEqual(["POST /two - 2 body", "POST /two - 2 body"]);
  const replay = await onceSeen(world, ({ side, replayOf }) => side === "outbound" && replayOf === seen.id);
  expect(replay.protocol).toBe("HTTP/2");
  session.destroy();
});

test("what cannot be sent again is said in words", async () => {
  await using world = await createProxyWorld({ project, mesh: strict });
  expect(await resend(world, "r-none")).toEqual({
    ok: false,
    reason: "the sidecars do not keep this request any more",
  });
  const socket = world.dial("frontend-1", "backend", 8080);
  // Nobody answers: the application is not there.
  await exchange(socket, "GET / HTTP/1.1\r\nHost: backend\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n");
  const seen = await onceSeen(world, ({ side }) => side === "inbound");
  expect(await resend(world, seen.id)).toMatchObject({ ok: false, reason: expect.stringContaining("tunnel") });
  socket.destroy();
});

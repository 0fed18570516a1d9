import { expect, test, vi } from "vitest";
import { frame, frameType } from "../../bench/http2-frames.ts";
import { data, get, headerBlock, headers, openRaw } from "../../support/http2-raw.ts";
import type { RawHttp2 } from "../../support/http2-raw.ts";
import { createProxyWorld } from "../../support/proxy-world.ts";
import type { ProxyWorld } from "../../support/proxy-world.ts";

const project = "services:\n  backend: {run: x, ports: [{name: http, port: 8080}, {name: http2, port: 8081}]}\n";
const post = (more: readonly (readonly [string, string])[] = []): readonly (readonly [string, string])[] => [
  [":method", "POST"],
  ...get("/x", more).slice(1),
];

/** What reaches the application, as it reads it. */
async function application(world: ProxyWorld): Promise<readonly string[]> {
  const seen: string[] = [];
  await world.http("backend-1", 8080, (request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      seen.push(`${request.method} ${request.url} ${body}`);
      response.end("ok");
    });
  });
  return seen;
}

async function alive(world: ProxyWorld): Promise<void> {
  const other = openRaw(world.inbound("backend-1", 8080));
  other.send(headers(1, get("/alive")));
  await vi.waitFor(() => {
    expect(other.seen).toContain("HEADERS 1");
  });
  other.socket.destroy();
}

test.each([
  ["an upper-case name", headers(1, get("/x", [["X-Up", "1"]]))],
  ["a connection header", headers(1, get("/x", [["connection", "close"]]))],
  [
    "transfer-encoding",
    Buffer.concat([headers(1, post([["transfer-encoding", "chunked"]]), false), data(1, "0\r\n\r\n")]),
  ],
  ["a line break in a value", headers(1, get("/x", [["a", "b\r\nc: d"]]))],
  ["a NUL in a value", headers(1, get("/x", [["a", "b\0c"]]))],
  ["a line break in the path", headers(1, get("/x HTTP/1.1\r\na: b"))],
  ["a second path", headers(1, get("/x", [[":path", "/y"]]))],
  ["a late pseudo header", headers(1, [["a", "b"], ...get("/x")])],
  ["extended CONNECT", headers(1, [[":method", "CONNECT"], [":protocol", "websocket"], ...get("/x").slice(1)], false)],
  [
    "no authority",
    headers(
      1,
      get("/x").filter(([name]) => name !== ":authority"),
    ),
  ],
  [
    "two lengths",
    Buffer.concat([headers(1, [...post([["content-length", "2"]]), ["content-length", "2"]], false), data(1, "hi")]),
  ],
  ["a length without body", headers(1, post([["content-length", "9"]]))],
  ["a header block that is no HPACK", frame(frameType.headers, 5, 1, Buffer.alloc(6, 0xff))],
  ["data on an idle stream", data(1, "x")],
  [
    "another frame before CONTINUATION",
    Buffer.concat([frame(frameType.headers, 1, 1, headerBlock(get("/x"))), data(3, "x")]),
  ],
  ["a stream of even number", headers(2, get("/x"))],
  ["a frame over the limit", frame(frameType.data, 0, 1, Buffer.alloc(20_000))],
])("nothing reaches the application: %s", async (_, frames) => {
  await using world = await createProxyWorld({ project });
  const seen = await application(world);
  const raw = openRaw(world.inbound("backend-1", 8080));
  raw.send(frames);
  await vi.waitFor(() => {
    expect(raw.seen.some((each) => /^(RST|GOAWAY|closed)/.test(each))).toBe(true);
  });
  await alive(world);
  expect(seen).toEqual(["GET /alive "]);
});

test.each([
  ["more than it says", "3", "hello"],
  ["less than it says", "9", "hello"],
])("a body of %s never looks whole", async (_, length, body) => {
  await using world = await createProxyWorld({ project });
  const seen = await application(world);
  const raw = openRaw(world.inbound("backend-1", 8080));
  raw.send(headers(1, post([["content-length", length]]), false), data(1, body));
  await vi.waitFor(() => {
    expect(raw.seen.some((each) => /^(RST|GOAWAY|closed)/.test(each))).toBe(true);
  });
  await alive(world);
  expect(seen).toEqual(["GET /alive "]);
});

test.each([0, 8])("a request that is reset with %s in the middle of its body never looks whole", async (code) => {
  await using world = await createProxyWorld({ project });
  const begun: string[] = [];
  const whole: string[] = [];
  await world.http("backend-1", 8080, (request, response) => {
    request.on("data", (chunk: Buffer) => begun.push(chunk.toString()));
    request.on("error", () => undefined);
    request.on("end", () => {
      whole.push(request.url ?? "");
      response.end("ok");
    });
  });
  const raw = openRaw(world.inbound("backend-1", 8080));
  const reason = Buffer.alloc(4);
  reason.writeUInt32BE(code);
  raw.send(headers(1, post(), false), data(1, "part", false));
  await vi.waitFor(() => {
    expect(begun).toEqual(["part"]);
  });
  raw.send(frame(frameType.reset, 0, 1, reason), headers(3, get("/behind")));
  await vi.waitFor(() => {
    expect(raw.seen).toContain("HEADERS 3");
    expect(world.exchanges("inbound").map(({ details }) => details)).toContain("downstream_remote_disconnect");
  });
  expect(whole).toEqual(["/behind"]);
});

test.each([
  ["too large", get("/x", [["x-big", "x".repeat(62_000)]]), "http2.header_list_size_too_large"],
  [
    "of too many",
    get(
      "/x",
      Array.from({ length: 97 }, (_, i) => [`x-${i}`, "1"] as const),
    ),
    "http2.too_many_headers",
  ],
])("a header list %s resets its stream and no other", async (_, fields, details) => {
  await using world = await createProxyWorld({ project });
  const seen = await application(world);
  const raw = openRaw(world.inbound("backend-1", 8080));
  raw.send(headers(1, fields), headers(3, get("/next")));
  await vi.waitFor(() => {
    expect(raw.seen).toContain("DATA 3 end");
    expect(raw.seen).toContain("RST 1 2");
    expect(world.exchanges("inbound")).toContainEqual(
      expect.objectContaining({ status: 0, flags: "DR", details, protocol: "HTTP/2" }),
    );
  });
  expect(seen).toEqual(["GET /next "]);
});

/** Whether the other side has had enough. Node 22 says so, hears nothing more, and leaves the closing to the peer. */
function isEnded(seen: readonly string[]): boolean {
  const said = Number(process.versions.node.split(".")[0]) < 24 && seen.some((each) => each.startsWith("GOAWAY"));
  return said || seen.includes("closed");
}

/** Sends turn after turn until the other side has enough. */
async function flood(raw: RawHttp2, send: (turn: number) => Buffer): Promise<void> {
  for (let turn = 0; turn < 400 && !isEnded(raw.seen); turn += 1) {
    raw.socket.write(send(turn));
    await new Promise((done) => setImmediate(done));
  }
}

const cancel = Buffer.from([0, 0, 0, 8]);
const empty = Buffer.alloc(0);

test.each([
  [
    "rapid resets",
    (turn: number) =>
      Buffer.concat(
        Array.from({ length: 20 }, (_, i) => 2 * (turn * 20 + i) + 1).flatMap((id) => [
          headers(id, get("/x")),
          frame(frameType.reset, 0, id, cancel),
        ]),
      ),
  ],
  [
    "CONTINUATION without end",
    (turn: number) =>
      Buffer.concat(
        turn === 0
          ? [frame(frameType.headers, 1, 1, headerBlock(get("/x")))]
          : Array.from({ length: 10 }, () => frame(9, 0, 1, empty)),
      ),
  ],
  [
    "empty DATA without end",
    (turn: number) =>
      Buffer.concat(turn === 0 ? [headers(1, post(), false)] : Array.from({ length: 20 }, () => data(1, "", false))),
  ],
] as const)("a flood of %s ends the connection, and only that", async (_, send) => {
  await using world = await createProxyWorld({ project });
  await application(world);
  const raw = openRaw(world.inbound("backend-1", 8080));
  await flood(raw, send);
  await vi.waitFor(() => {
    expect(raw.seen).toSatisfy(isEnded);
  });
  await alive(world);
});

test.each([
  ["SETTINGS", frame(frameType.settings, 0, 0, empty)],
  ["PING", frame(frameType.ping, 0, 0, Buffer.alloc(8))],
])("a flood of %s whose answers are not read ends the connection", async (_, one) => {
  await using world = await createProxyWorld({ project });
  await application(world);
  const raw = openRaw(world.inbound("backend-1", 8080));
  raw.socket.pause();
  const many = Buffer.concat(Array.from({ length: 5000 }, () => one));
  let closed = false;
  raw.socket.on("close", () => (closed = true));
  for (let turn = 0; turn < 2000 && !closed; turn += 1) {
    if (!raw.socket.write(many)) await new Promise((done) => setImmediate(done));
  }
  await vi.waitFor(() => {
    expect(closed).toBe(true);
  });
  await alive(world);
});

import { connect } from "node:http2";
import type { ClientHttp2Stream } from "node:http2";
import { connect as connectTcp } from "node:net";
import type { Socket } from "node:net";
import { expect, onTestFinished, test, vi } from "vitest";
import { frame, frameType } from "../../bench/http2-frames.ts";
import { get, headers, openRaw } from "../../support/http2-raw.ts";
import { createProxyWorld } from "../../support/proxy-world.ts";

const project = "services:\n  backend: {run: x, ports: [{name: http, port: 8080}, {name: http2, port: 8081}]}\n";
const streams = 20;
const mib = 1024 * 1024;

/** Waits until a number has stopped growing. */
async function settled(read: () => number): Promise<number> {
  let before = -1;
  await vi.waitFor(
    () => {
      const now = read();
      const same = now === before;
      before = now;
      expect(same && now > 0).toBe(true);
    },
    { timeout: 10_000, interval: 200 },
  );
  return read();
}

function window(bytes: number): Buffer {
  const payload = Buffer.alloc(6);
  payload.writeUInt16BE(4, 0);
  payload.writeUInt32BE(bytes, 2);
  return frame(frameType.settings, 0, 0, payload);
}

test.each([8080, 8081])(
  "a caller that opens streams and reads nothing stops the server behind port %s",
  async (port) => {
    await using world = await createProxyWorld({ project });
    let written = 0;
    const pour = (write: (chunk: Buffer) => boolean): void => {
      const chunk = Buffer.alloc(16_384);
      while (write(chunk)) written += chunk.length;
      written += chunk.length;
    };
    await world.http("backend-1", 8080, (_request, response) => {
      response.on("drain", () => {
        pour((chunk) => response.write(chunk));
      });
      pour((chunk) => response.write(chunk));
    });
    await world.http2("backend-1", 8081, (stream) => {
      stream.respond({ ":status": 200 });
      stream.on("drain", () => {
        pour((chunk) => stream.write(chunk));
      });
      pour((chunk) => stream.write(chunk));
    });
    const raw = openRaw(world.inbound("backend-1", port));
    raw.send(window(0));
    for (let i = 0; i < streams; i += 1) raw.send(headers(2 * i + 1, get("/endless")));
    await vi.waitFor(
      () => {
        expect(raw.seen.filter((each) => each.startsWith("HEADERS"))).toHaveLength(streams);
      },
      { timeout: 10_000 },
    );
    expect(await settled(() => written)).toBeLessThan(streams * 2 * mib);
    expect(raw.seen.some((each) => each.startsWith("DATA"))).toBe(false);
    raw.socket.destroy();
  },
);

test("a server that reads nothing stops its callers", async () => {
  await using world = await createProxyWorld({ project });
  const deaf: Socket[] = [];
  await world.tcp("backend-1", 8080, (socket) => {
    socket.pause();
    deaf.push(socket);
  });
  const { host, port } = world.inbound("backend-1", 8080);
  const session = connect("http://backend", { createConnection: () => connectTcp(port, host) });
  session.on("error", () => undefined);
  onTestFinished(() => {
    session.destroy();
  });
  let taken = 0;
  const chunk = Buffer.alloc(16_384);
  const push = (stream: ClientHttp2Stream): void => {
    stream.write(chunk, (error) => {
      if (error !== undefined && error !== null) return;
      taken += chunk.length;
      push(stream);
    });
  };
  for (let i = 0; i < streams; i += 1) {
    const stream = session.request({ ":method": "POST", ":path": "/" });
    stream.on("error", () => undefined);
    push(stream);
  }
  expect(await settled(() => taken)).toBeLessThan((16 + 1) * mib + streams * mib);
  expect(deaf).toHaveLength(streams);
});

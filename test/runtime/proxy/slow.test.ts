import { connect } from "node:net";
import type { Socket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { describe, expect, test, vi } from "vitest";
import { readAll, readAnswer } from "../../support/proxy-talk.ts";
import { createProxyWorld } from "../../support/proxy-world.ts";
import type { ProxyWorld } from "../../support/proxy-world.ts";

const project = `
services:
  frontend: {run: x, port: 8080}
  backend: {run: x, ports: [{name: http, port: 8080}, {name: tcp, port: 9000}]}
`;

const denyX = `
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: deny, namespace: default}
spec: {action: DENY, rules: [{to: [{operation: {paths: ["/denied"]}}]}]}
`;

const MiB = 1024 * 1024;
/** What the kernel may hold between two processes, and a little for each proxy. */
const roomOnTheWay = 24 * MiB;

/** Writes without end, as fast as it is taken; says how many bytes were. */
function pour(socket: Socket, piece: Buffer): { readonly taken: () => number; readonly stop: () => void } {
  let stopped = false;
  const more = (): void => {
    while (!stopped && !socket.destroyed && socket.write(piece));
  };
  socket.on("drain", more);
  more();
  return {
    taken: () => socket.bytesWritten - socket.writableLength,
    stop: () => {
      stopped = true;
    },
  };
}

/** Waits until a number has stopped to grow, and returns it. */
async function untilStill(what: () => number): Promise<number> {
  let last = -1;
  for (let same = 0; same < 10;) {
    await pause(30);
    const now = what();
    same = now === last ? same + 1 : 0;
    last = now;
    if (now > 10 * roomOnTheWay) return now;
  }
  return last;
}

/** Drops what comes and counts it. */
function drain(socket: Socket): () => number {
  let size = 0;
  socket.on("data", (chunk: Buffer) => {
    size += chunk.length;
  });
  socket.resume();
  return () => size;
}

async function eventually(holds: () => boolean): Promise<void> {
  await expect.poll(holds, { timeout: 20_000, interval: 10 }).toBe(true);
}

const callers = [
  ["a meshed caller", (world: ProxyWorld) => world.dial("frontend-1", "backend", 8080)],
  ["an outsider", (world: ProxyWorld) => connect(world.inbound("backend-1", 8080))],
] as const;

describe.each(callers)("%s", (_, dial) => {
  test("whose head and body come byte by byte is understood", async () => {
    await using world = await createProxyWorld({ project });
    await world.http("backend-1", 8080, (request, response) => {
      request.setEncoding("utf8");
      let body = "";
      request.on("data", (text: string) => (body += text));
      request.on("end", () => response.end(`${request.method} ${request.url} ${body}`));
    });
    const socket = dial(world);
    socket.setNoDelay(true);
    for (const byte of "POST /slow HTTP/1.1\r\nHost: backend:8080\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n") {
      await new Promise((sent) => socket.write(byte, sent));
      await pause(1);
    }
    expect((await readAnswer(socket)).body).toBe("POST /slow abcde");
    socket.destroy();
  });

  test("who does not read holds up the application, not our memory", async () => {
    await using world = await createProxyWorld({ project });
    let app: { readonly taken: () => number; readonly stop: () => void } | undefined;
    await world.http("backend-1", 8080, (_request, response) => {
      response.writeHead(200, { "content-length": 200 * MiB });
      response.flushHeaders();
      if (response.socket !== null) app = pour(response.socket, Buffer.alloc(64 * 1024));
    });
    const socket = dial(world);
    socket.pause();
    socket.write("GET /endless HTTP/1.1\r\nHost: backend:8080\r\n\r\n");
    await eventually(() => app !== undefined);
    const stalled = await untilStill(() => app?.taken() ?? 0);
    expect(stalled).toBeLessThan(roomOnTheWay);
    const read = drain(socket);
    await eventually(() => read() > stalled + 4 * MiB);
    app?.stop();
    socket.destroy();
  });

  test("who sends to an application that does not read is held up, and goes on with it", async () => {
    await using world = await createProxyWorld({ project });
    let reading = (): void => undefined;
    await world.http("backend-1", 8080, (request) => {
      request.pause();
      reading = () => request.resume();
    });
    const socket = dial(world);
    socket.write(`POST /upload HTTP/1.1\r\nHost: backend:8080\r\nContent-Length: ${200 * MiB}\r\n\r\n`);
    const sender = pour(socket, Buffer.alloc(64 * 1024));
    const stalled = await untilStill(sender.taken);
    expect(stalled).toBeLessThan(roomOnTheWay);
    reading();
    await eventually(() => sender.taken() > stalled + 4 * MiB);
    sender.stop();
    socket.destroy();
  });

  test.each(["/denied", "/allowed"])(
    "who pipelines %s without end and reads nothing is not read any more",
    async (path) => {
      await using world = await createProxyWorld({ project, mesh: denyX });
      await world.http("backend-1", 8080, (_request, response) => response.end("x".repeat(1000)));
      const socket = dial(world);
      socket.on("error", () => undefined);
      socket.pause();
      const request = `GET ${path} HTTP/1.1\r\nHost: backend:8080\r\n\r\n`;
      const sender = pour(socket, Buffer.from(request.repeat(500)));
      const stalled = await untilStill(sender.taken);
      expect(stalled).toBeLessThan(roomOnTheWay);
      // It goes on as soon as answers are read: more of them come than can have waited on the way.
      const read = drain(socket);
      await eventually(() => sender.taken() > stalled || read() > roomOnTheWay);
      sender.stop();
      socket.destroy();
    },
  );

  test("who pipelines faster than it is answered has little waiting here", async () => {
    await using world = await createProxyWorld({ project });
    let answered = 0;
    await world.http("backend-1", 8080, (_request, response) => {
      answered += 1;
      setTimeout(() => response.end("ok"), 2);
    });
    const socket = dial(world);
    const request = Buffer.from("GET /x HTTP/1.1\r\nHost: backend:8080\r\n\r\n");
    const sender = pour(socket, Buffer.concat(Array.from({ length: 1000 }, () => request)));
    drain(socket);
    await eventually(() => answered > 200);
    const waiting = sender.taken() - answered * request.length;
    // 200 requests ask for 200 more chunks when every one of them lets a further one in.
    expect(waiting).toBeLessThan(8 * MiB);
    sender.stop();
    socket.destroy();
  });
});

test("the last answer of a connection reaches a caller that reads slowly", async () => {
  await using world = await createProxyWorld({ project });
  const size = 512 * 1024;
  await world.http("backend-1", 8080, (_request, response) => response.end(Buffer.alloc(size)));
  const socket = world.dial("frontend-1", "backend", 8080);
  socket.write("GET /x HTTP/1.1\r\nHost: backend:8080\r\nConnection: close\r\n\r\n");
  let got = 0;
  const ended = new Promise((resolve) => socket.on("close", resolve));
  socket.on("data", (chunk: Buffer) => {
    got += chunk.length;
    socket.pause();
    setTimeout(() => socket.resume(), 250);
  });
  socket.on("end", () => socket.end());
  await ended;
  expect(got).toBeGreaterThan(size);
});

test("an application that dies in the middle of an answer never makes a whole one", async () => {
  await using world = await createProxyWorld({ project });
  await world.http("backend-1", 8080, (request, response) => {
    if (request.url === "/chunked") response.writeHead(200);
    else response.writeHead(200, { "content-length": 1000 });
    response.write("beginning", () => request.socket.destroy());
  });
  for (const path of ["/chunked", "/length"]) {
    const socket = world.dial("frontend-1", "backend", 8080);
    socket.write(`GET ${path} HTTP/1.1\r\nHost: backend:8080\r\n\r\n`);
    const text = (await readAll(socket)).bytes.toString();
    expect(text).toContain("beginning");
    expect(text).not.toContain("0\r\n\r\n");
  }
});

test("a caller that is killed in the middle of its request takes it along on every hop, and leaves nothing", async () => {
  await using world = await createProxyWorld({ project });
  let open = 0;
  const server = await world.http("backend-1", 8080, (request) => request.resume());
  server.on("connection", (socket: Socket) => {
    open += 1;
    socket.on("close", () => (open -= 1));
  });
  const sockets = Array.from({ length: 20 }, (_, index) => {
    const socket = world.dial("frontend-1", "backend", 8080);
    socket.write(
      index % 2 === 0
        ? "GET /never HTTP/1.1\r\nHost: backend:8080\r\n\r\n"
        : "POST /never HTTP/1.1\r\nHost: backend:8080\r\nContent-Length: 100\r\n\r\nhalf",
    );
    return socket;
  });
  await eventually(() => open === 20);
  for (const socket of sockets) socket.destroy();
  await eventually(() => open === 0);
  await vi.waitFor(() => {
    expect(world.exchanges("inbound").map(({ flags }) => flags)).toEqual(sockets.map(() => "DC"));
  });
});

import { once } from "node:events";
import { connect as connectHttp2, type ClientHttp2Session } from "node:http2";
import { connect } from "node:net";
import type { Socket } from "node:net";
import { describe, expect, test, vi } from "vitest";
import { systemClock, type Clock } from "../../../runtime/core/clock.ts";
import { drainMs } from "../../../runtime/proxy/follow.ts";
import { exchange, readAll, readAnswer } from "../../support/proxy-talk.ts";
import { createProxyWorld, type ProxyWorld } from "../../support/proxy-world.ts";

// What Envoy 1.40 did with a listener whose filter chains changed (--drain-time-s, --drain-strategy immediate, as Istio starts it):
// old connections go on under the old filters, HTTP answers carry `connection: close`, all are cut when the time is over.

const project = `
services:
  frontend: {run: x, port: 8080}
  backend: {run: x, ports: [{name: http, port: 8080}, {name: tcp, port: 9000}]}
`;

const deny = (ports: string): string => `
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: deny, namespace: default}
spec:
  selector: {matchLabels: {app: backend}}
  action: DENY
  rules: [{to: [{operation: {ports: ${ports}}}]}]
`;
const nobody = deny('["1"]');
const everybody = deny('["8080", "9000"]');

const get = "GET /x HTTP/1.1\r\nHost: backend:8080\r\n\r\n";

/** The system's clock, except that the drain time passes when the test says so. */
function drainClock(): { readonly clock: Clock; readonly pass: () => void; readonly waiting: () => number } {
  const waiting = new Set<() => void>();
  return {
    clock: {
      ...systemClock,
      after: (ms, task) => {
        if (ms !== drainMs) return systemClock.after(ms, task);
        waiting.add(task);
        return () => {
          waiting.delete(task);
        };
      },
    },
    pass: () => {
      for (const task of waiting) task();
    },
    waiting: () => waiting.size,
  };
}

async function serve(world: ProxyWorld): Promise<void> {
  const server = await world.http("backend-1", 8080, (_, response) => response.end("ok"));
  server.on("upgrade", (_request, socket: Socket) => {
    socket.write("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n");
    socket.pipe(socket);
  });
  await world.tcp("backend-1", 9000, (socket) => socket.pipe(socket));
}

function echo(socket: Socket, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    socket.once("data", (chunk: Buffer) => {
      resolve(chunk.toString());
    });
    socket.once("close", () => {
      reject(new Error("closed"));
    });
    socket.resume();
    socket.write(text);
  });
}

async function statusOf(client: ClientHttp2Session): Promise<number | undefined> {
  const stream = client.request({ ":path": "/x", ":authority": "backend" });
  const status = new Promise<number | undefined>((resolve) => {
    stream.on("response", (headers) => {
      resolve(headers[":status"]);
    });
  });
  stream.resume();
  await once(stream, "close");
  return status;
}

describe("--drain=istio", () => {
  test("an old connection is decided under the old policy and told to close, a new one under the new (spec GO-50)", async () => {
    const { clock } = drainClock();
    await using world = await createProxyWorld({ project, mesh: nobody, drain: "istio", clock });
    await serve(world);
    const old = connect(world.inbound("backend-1", 8080));
    expect((await exchange(old, get)).headers["connection"]).toBeUndefined();
    await world.apply(everybody);
    const answer = await exchange(old, get);
    expect([answer.status, answer.headers["connection"]]).toEqual([200, "close"]);
    await readAll(old);
    const fresh = connect(world.inbound("backend-1", 8080));
    expect((await exchange(fresh, get)).status).toBe(403);
    fresh.destroy();
  });

  test("idle HTTP, websockets and TCP go on until the time is over, whatever was applied meanwhile", async () => {
    const { clock, pass, waiting } = drainClock();
    await using world = await createProxyWorld({ project, mesh: nobody, drain: "istio", clock });
    await serve(world);
    const idle = connect(world.inbound("backend-1", 8080));
    expect((await exchange(idle, get)).status).toBe(200);
    const upgraded = connect(world.inbound("backend-1", 8080));
    upgraded.write("GET /ws HTTP/1.1\r\nHost: b\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
    expect((await readAnswer(upgraded)).status).toBe(101);
    const talking = connect(world.inbound("backend-1", 9000));
    expect(await echo(talking, "before")).toBe("before");

    await world.apply(everybody);
    await vi.waitFor(() => {
      expect(waiting()).toBe(3);
    });
    expect(await echo(talking, "under the old policy")).toBe("under the old policy");
    expect(await echo(upgraded, "so is this")).toBe("so is this");
    const ends = [idle, upgraded, talking].map(readAll);
    await world.apply(nobody);
    pass();
    for (const { bytes } of await Promise.all(ends)) expect(bytes.length).toBe(0);
    expect(waiting()).toBe(0);
    const after = connect(world.inbound("backend-1", 9000));
    expect(await echo(after, "anew, freely")).toBe("anew, freely");
    after.destroy();
  });

  test("an old HTTP/2 connection answers under the old policy once more and says goodbye", async () => {
    const { clock, waiting } = drainClock();
    await using world = await createProxyWorld({ project, mesh: nobody, drain: "istio", clock });
    await serve(world);
    const { host, port } = world.inbound("backend-1", 8080);
    const client = connectHttp2(`http://${host}:${port}`);
    expect(await statusOf(client)).toBe(200);
    await world.apply(everybody);
    await vi.waitFor(() => {
      expect(waiting()).toBe(1);
    });
    const goodbye = once(client, "goaway");
    expect(await statusOf(client)).toBe(200);
    await goodbye;
    const fresh = connectHttp2(`http://${host}:${port}`);
    expect(await statusOf(fresh)).toBe(403);
    fresh.destroy();
    client.destroy();
    await vi.waitFor(() => {
      expect(waiting()).toBe(0);
    });
  });

  test("what changes neither its chain nor its filters leaves a connection alone", async () => {
    const { clock, waiting } = drainClock();
    await using world = await createProxyWorld({ project, mesh: nobody, drain: "istio", clock });
    await serve(world);
    const socket = connect(world.inbound("backend-1", 8080));
    expect((await exchange(socket, get)).status).toBe(200);
    // The same policy two lines further down, and another that only the caller's sidecar obeys.
    await world.apply(
      `# moved\n# down\n${nobody}---\n${deny('["8080"]').replace("backend", "frontend").replace("name: deny", "name: other")}`,
    );
    expect(waiting()).toBe(0);
    const answer = await exchange(socket, get);
    expect([answer.status, answer.headers["connection"]]).toEqual([200, undefined]);
    // It follows what left it alone: the next change is compared with that.
    await world.apply(everybody);
    expect((await exchange(socket, get)).headers["connection"]).toBe("close");
    await readAll(socket);
    expect(waiting()).toBe(0);
  });
});

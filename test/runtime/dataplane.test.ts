import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { connect } from "node:net";
import { Duplex } from "node:stream";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { systemClock } from "../../runtime/core/clock.ts";
import { createCa, signCsr } from "../../runtime/identity/ca.ts";
import type { FromDataPlane, ToDataPlane } from "../../runtime/model/dataplane.ts";
import type { InboundListener, ProxySnapshot } from "../../runtime/model/snapshot.ts";
import { inboundChains } from "../../runtime/policy/chains.ts";
import { defaultInboundOptions, defaultOutboundOptions } from "../../runtime/traffic/http-options.ts";
import { exchange } from "../support/proxy-talk.ts";

const listener: InboundListener = {
  port: 8080,
  protocol: "http",
  mode: "PERMISSIVE",
  because: [],
  chains: inboundChains("http", "PERMISSIVE", { http: "h", tcp: "t" }),
  cluster: "inbound|8080||",
  http: "http1",
  appPort: undefined,
  maxRequests: undefined,
  virtualHost: "inbound|http|8080",
};

const snapshot: ProxySnapshot = {
  proxy: "backend-1",
  workload: { name: "backend-1", namespace: "default", address: "10.244.0.4" },
  identity: "spiffe://cluster.local/ns/default/sa/backend",
  trust: { trustDomains: ["cluster.local"], minProtocolVersion: "TLSV1_2", pathNormalization: "BASE" },
  inbound: {
    listeners: [listener],
    passthrough: { ...listener, port: 0 },
    http: { layer: "http", policies: [] },
    tcp: { layer: "tcp", policies: [] },
    jwt: [],
    options: defaultInboundOptions,
  },
  outbound: { mode: "ALLOW_ANY", listeners: [], routes: {}, clusters: {}, options: defaultOutboundOptions },
  hashes: { trust: "1", inbound: "1", outbound: "1" },
};

test("the process says hello, obeys, answers pings, replays, survives nonsense, and ends with its channel", async () => {
  const folder = mkdtempSync(join(tmpdir(), "mdc-"));
  const child = spawn(process.execPath, [join(import.meta.dirname, "../../runtime/dataplane.ts")], {
    stdio: ["ignore", "ignore", "pipe", "pipe"],
  });
  const exited = new Promise<number | null>((done) => {
    child.on("exit", (code) => {
      done(code);
    });
  });
  const channel = child.stdio[3];
  if (!(channel instanceof Duplex)) throw new Error("no channel");
  const heard: FromDataPlane[] = [];
  let rest = "";
  channel.on("data", (chunk: Buffer) => {
    rest += chunk.toString();
    const lines = rest.split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) heard.push(JSON.parse(line));
  });
  const say = (message: ToDataPlane | { readonly type: string }): void => {
    channel.write(`${JSON.stringify(message)}\n`);
  };
  const app = createServer((_, response) => response.end("from the app"));
  await new Promise<void>((done) => {
    app.listen(join(folder, "app"), done);
  });
  const port = await new Promise<number>((done) => {
    const probe = createServer().listen(0, "127.0.0.1", () => {
      const at = probe.address();
      probe.close(() => {
        done(typeof at === "object" && at !== null ? at.port : 0);
      });
    });
  });

  try {
    await vi.waitFor(() => {
      expect(heard[0]).toEqual({ type: "hello", pid: child.pid });
    }, 10_000);
    const ca = await createCa("cluster.local", systemClock);
    say({ type: "bundle", version: 1, roots: ca.roots });
    say({ type: "message.of.another.version" });
    say({
      type: "apply",
      generation: 7,
      snapshots: [snapshot],
      placements: [
        {
          proxy: "backend-1",
          inbound: [{ port: 8080, host: "127.0.0.1", listen: port }],
          app: { 8080: { kind: "unix", path: join(folder, "app") } },
          appHost: "127.0.0.1",
          outbound: join(folder, "o"),
          dialFrom: undefined,
        },
      ],
      removed: [],
      addresses: { kind: "alias", second: 244 },
      names: {},
    });
    await vi.waitFor(() => {
      expect(heard.find(({ type }) => type === "ack")).toEqual({ type: "ack", generation: 7, proxy: "backend-1" });
    });
    expect(heard.find(({ type }) => type === "ready")).toBeUndefined();
    const csr = heard.find((message) => message.type === "csr");
    const identity = { trustDomain: "cluster.local", namespace: "default", serviceAccount: "backend" };
    const { chain } = await signCsr(ca, csr?.csr ?? "", identity, 60_000, systemClock);
    say({ type: "svid", proxy: "backend-1", chain });
    say({ type: "ping", token: 5 });
    await vi.waitFor(() => {
      expect(heard).toContainEqual({ type: "ready", proxy: "backend-1" });
      expect(heard).toContainEqual({ type: "pong", token: 5 });
    });

    const ask = (): ReturnType<typeof exchange> =>
      exchange(connect(port, "127.0.0.1"), "GET / HTTP/1.1\r\nHost: backend\r\nConnection: close\r\n\r\n");
    expect((await ask()).body).toBe("from the app");
    const exchanges = (): unknown[] =>
      heard
        .flatMap((message) => (message.type === "events" ? message.events : []))
        .filter(({ type }) => type === "exchange.completed");
    // Nobody looks: it is counted and kept, not told.
    await vi.waitFor(() => {
      expect(heard.find((message) => message.type === "counts")).toMatchObject({
        counts: { "backend-1": { requests: 1, allowed: 1 } },
      });
    }, 3000);
    expect(exchanges()).toEqual([]);
    say({ type: "observe", perSecond: 100, headers: false });
    say({ type: "replay", token: 9 });
    await vi.waitFor(() => {
      expect(heard).toContainEqual({ type: "replayed", token: 9 });
    });
    expect(exchanges()).toHaveLength(1);
    await ask();
    await vi.waitFor(() => {
      expect(exchanges()).toHaveLength(2);
    });
    expect(JSON.stringify(heard)).not.toContain("PRIVATE KEY");
  } finally {
    channel.end();
    channel.destroy();
  }
  expect(await exited).toBe(0);
  app.close();
  rmSync(folder, { recursive: true, force: true });
});

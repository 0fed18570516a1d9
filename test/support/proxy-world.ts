import { randomInt, randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer as createHttp2Server } from "node:http2";
import type { IncomingHttpHeaders, ServerHttp2Stream } from "node:http2";
import { createServer as createHttpServer } from "node:http";
import type { RequestListener } from "node:http";
import { connect, createServer } from "node:net";
import type { Server, Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, vi } from "vitest";
import { compile } from "../../runtime/compile/compile.ts";
import { acceptFiles } from "../../runtime/config/accept.ts";
import { parseDocuments } from "../../runtime/config/documents.ts";
import { parseProject } from "../../runtime/config/project.ts";
import { resolve } from "../../runtime/config/resolve.ts";
import { systemClock, type Clock } from "../../runtime/core/clock.ts";
import { createCa, signCsr } from "../../runtime/identity/ca.ts";
import type { Ca } from "../../runtime/identity/ca.ts";
import type { DrainMode, FromDataPlane, Placement, ToDataPlane } from "../../runtime/model/dataplane.ts";
import type { ConnectionEvent, ExchangeEvent, HandshakeEvent, MeshEvent } from "../../runtime/model/event.ts";
import { parseSpiffeId } from "../../runtime/model/identity.ts";
import type { Mesh, Workload } from "../../runtime/model/mesh.ts";
import type { ProxySnapshot } from "../../runtime/model/snapshot.ts";
import { createDataPlane } from "../../runtime/proxy/data-plane.ts";
import { encodeProxyV2 } from "../../runtime/wire/proxy-v2.ts";

export type StreamListener = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void;

const http2Limits = { settings: { maxConcurrentStreams: 1000 }, maxSessionMemory: 100 };

export interface ProxyWorldOptions {
  readonly project: string;
  readonly mesh?: string;
  readonly ttlMs?: number;
  /** Limit of the process. */
  readonly descriptors?: number;
  readonly drain?: DrainMode;
  /** Instead of the machine's own. */
  readonly clock?: Clock;
  /** Compiled snapshots may be bent into shapes that no file gives. */
  readonly bend?: (snapshot: ProxySnapshot) => ProxySnapshot;
  /** Signs for these workloads by another CA, or another identity. */
  readonly sign?: (proxy: string, csr: string, usual: () => Promise<string>) => Promise<string>;
}

/** Sidecars in this process, compiled from real files, certified by a throwaway CA, with applications on Unix sockets. */
export interface ProxyWorld extends AsyncDisposable {
  readonly ca: Ca;
  readonly mesh: () => Mesh;
  /** What the sidecars obey. */
  readonly snapshots: () => ReadonlyMap<string, ProxySnapshot>;
  readonly folder: string;
  readonly second: number;
  readonly sent: readonly FromDataPlane[];
  readonly events: readonly MeshEvent[];
  readonly send: (message: ToDataPlane) => void;
  readonly apply: (mesh: string) => Promise<void>;
  readonly workload: (id: string) => Workload;
  readonly service: (name: string) => { readonly address: string };
  readonly inbound: (id: string, port: number) => { readonly host: string; readonly port: number };
  readonly http: (id: string, port: number, handler: RequestListener) => Promise<Server>;
  readonly tcp: (id: string, port: number, handler: (socket: Socket) => void) => Promise<Server>;
  /** An application that takes HTTP/2 by prior knowledge. */
  readonly http2: (id: string, port: number, handler: StreamListener) => Promise<Server>;
  /** A connection through the caller's outbound socket to a service. */
  readonly dial: (id: string, service: string, port: number) => Socket;
  readonly exchanges: (side?: "inbound" | "outbound") => readonly ExchangeEvent[];
  readonly handshakes: (type?: HandshakeEvent["type"]) => readonly HandshakeEvent[];
  readonly connections: () => readonly ConnectionEvent[];
  readonly svidOf: (id: string) => { readonly chain: string } | undefined;
}

export async function createProxyWorld(options: ProxyWorldOptions): Promise<ProxyWorld> {
  const folder = mkdtempSync(join(tmpdir(), "mdp-"));
  const range = await claimRange();
  const { second } = range;
  const clock = options.clock ?? systemClock;
  const ca = await createCa("cluster.local", clock);
  const servers: Server[] = [];
  const sockets = new Set<Socket>();
  const sent: FromDataPlane[] = [];
  const events: MeshEvent[] = [];
  const chains = new Map<string, string>();
  let generation = 0;
  let mesh = load(options.project, options.mesh ?? "");
  let snapshots: ReadonlyMap<string, ProxySnapshot> = new Map();

  const plane = createDataPlane({
    clock,
    send: (message) => {
      // Through JSON, as over the pipe.
      const copy: FromDataPlane = JSON.parse(JSON.stringify(message));
      sent.push(copy);
      if (copy.type === "events") events.push(...copy.events);
      if (copy.type === "csr") void certify(copy.proxy, copy.csr);
    },
    backlog: () => 0,
    pid: process.pid,
    descriptors: options.descriptors ?? 10_000,
    draw: Math.random,
    uuid: randomUUID,
    drain: options.drain ?? "strict",
  });

  async function certify(proxy: string, csr: string): Promise<void> {
    const usual = async (): Promise<string> => {
      const identity = parseSpiffeId(snapshots.get(proxy)?.identity ?? "");
      if (identity === undefined) throw new Error(`no identity for ${proxy}`);
      return (await signCsr(ca, csr, identity, options.ttlMs ?? 3_600_000, clock)).chain;
    };
    const chain = await (options.sign?.(proxy, csr, usual) ?? usual());
    chains.set(proxy, chain);
    plane.receive({ type: "svid", proxy, chain });
  }

  function placementOf(workload: Workload): Placement {
    return {
      proxy: workload.id,
      inbound: workload.ports.map(({ port }) => ({
        port,
        host: alias(workload.address, port).host,
        listen: alias(workload.address, port).port,
      })),
      app: Object.fromEntries(
        workload.ports.map(({ port }) => [`${port}`, { kind: "unix", path: join(folder, `a-${workload.id}-${port}`) }]),
      ),
      appHost: "127.0.0.1",
      outbound: join(folder, `o-${workload.id}`),
      dialFrom: alias(workload.address, 0).host,
    };
  }

  function alias(address: string, port: number): { host: string; port: number } {
    return { host: address.replace(/^10\.244\./, `127.${second}.`), port: port < 1024 ? port + 10_000 : port };
  }

  async function push(): Promise<void> {
    generation += 1;
    const mine = generation;
    const before = snapshots;
    const compiled = compile(mesh, { ready: new Set(mesh.workloads.map(({ id }) => id)) }, before);
    const { bend } = options;
    snapshots = bend === undefined ? compiled : new Map([...compiled].map(([id, snapshot]) => [id, bend(snapshot)]));
    const changed = [...snapshots.values()].filter((snapshot) => before.get(snapshot.proxy) !== snapshot);
    const message: ToDataPlane = {
      type: "apply",
      generation: mine,
      snapshots: changed,
      placements: mesh.workloads.filter(({ sidecar }) => sidecar).map(placementOf),
      removed: [...before.keys()].filter((id) => !snapshots.has(id)),
      addresses: { kind: "alias", second },
      names: Object.fromEntries(mesh.workloads.map(({ id, address }) => [address, id])),
    };
    const copy: ToDataPlane = JSON.parse(JSON.stringify(message));
    plane.receive(copy);
    await vi.waitFor(() => {
      const done = sent.filter((each) => (each.type === "ack" || each.type === "nack") && each.generation === mine);
      expect(done.filter(({ type }) => type === "nack")).toEqual([]);
      expect(done).toHaveLength(mesh.workloads.filter(({ sidecar }) => sidecar).length);
    }, 5000);
  }

  function workload(id: string): Workload {
    const found = mesh.workloads.find((each) => each.id === id);
    if (found === undefined) throw new Error(`no workload ${id}`);
    return found;
  }

  async function serve(server: Server, id: string, port: number): Promise<Server> {
    servers.push(server);
    server.on("connection", (socket: Socket) => {
      sockets.add(socket);
      socket.on("error", () => undefined);
    });
    await new Promise<void>((done) => {
      server.listen(join(folder, `a-${id}-${port}`), done);
    });
    return server;
  }

  plane.receive({ type: "bundle", version: 1, roots: ca.roots });
  plane.receive({ type: "observe", perSecond: 100_000, headers: true });
  await push();
  await vi.waitFor(() => {
    const ready = new Set(sent.filter((each) => each.type === "ready").map((each) => each.proxy));
    expect(ready.size).toBe(snapshots.size);
  }, 5000);

  return {
    ca,
    folder,
    second,
    mesh: () => mesh,
    snapshots: () => snapshots,
    sent,
    events,
    send: plane.receive,
    apply: async (text) => {
      mesh = load(options.project, text, mesh);
      await push();
    },
    workload,
    service: (name) => {
      const found = mesh.services.find((each) => each.name === name);
      if (found === undefined) throw new Error(`no service ${name}`);
      return found;
    },
    inbound: (id, port) => alias(workload(id).address, port),
    http: (id, port, handler) => serve(createHttpServer(handler), id, port),
    http2: (id, port, handler) =>
      serve(
        createHttp2Server(http2Limits).on("stream", (stream, headers) => {
          stream.on("error", () => undefined);
          handler(stream, headers);
        }),
        id,
        port,
      ),
    tcp: (id, port, handler) => serve(createServer({ allowHalfOpen: true }, handler), id, port),
    dial: (id, service, port) => {
      const socket = connect({ path: join(folder, `o-${id}`), allowHalfOpen: true });
      const destination = { address: mesh.services.find(({ name }) => name === service)?.address ?? service, port };
      const header = encodeProxyV2({ source: { address: workload(id).address, port: 40_000 }, destination });
      if (header === undefined) throw new Error("no header");
      socket.write(header);
      sockets.add(socket);
      return socket;
    },
    exchanges: (side) =>
      events
        .filter((event) => event.type === "exchange.completed")
        .filter((event) => side === undefined || event.side === side),
    handshakes: (type) => events.filter(isHandshake).filter((event) => type === undefined || event.type === type),
    connections: () => events.filter((event) => event.type === "connection.closed"),
    svidOf: (id) => {
      const chain = chains.get(id);
      return chain === undefined ? undefined : { chain };
    },
    [Symbol.asyncDispose]: async () => {
      plane.close();
      range.lock.close();
      for (const socket of sockets) socket.destroy();
      await Promise.all(servers.map((server) => new Promise((done) => server.close(done))));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A second octet of 127.x that nobody else on this machine uses now: other test files run at the same time. */
async function claimRange(): Promise<{ readonly second: number; readonly lock: Server }> {
  for (;;) {
    const second = randomInt(100, 240);
    const lock = createServer();
    const held = await new Promise<boolean>((done) => {
      lock.on("error", () => {
        done(false);
      });
      lock.listen(47_111, `127.${second}.255.254`, () => {
        done(true);
      });
    });
    if (held) return { second, lock };
  }
}

function isHandshake(event: MeshEvent): event is HandshakeEvent {
  return event.type === "handshake.completed" || event.type === "handshake.failed";
}

function load(project: string, mesh: string, previous?: Mesh): Mesh {
  const spec = parseProject({ path: "meshdev.yaml", text: project }, {});
  if (spec.value === undefined) throw new Error(JSON.stringify(spec.problems));
  const accepted = acceptFiles(undefined, [parseDocuments({ path: "mesh/all.yaml", text: mesh })]);
  const faults = accepted.problems.filter(({ severity }) => severity === "error");
  if (faults.length > 0) throw new Error(JSON.stringify(faults));
  const context = { directory: "/project", env: {}, ...(previous === undefined ? {} : { previous }) };
  const resolved = resolve(spec.value, accepted.resources, context);
  if (resolved.value === undefined) throw new Error(JSON.stringify(resolved.problems));
  return resolved.value;
}

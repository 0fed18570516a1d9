import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { systemClock } from "../../../runtime/core/clock.ts";
import { claimMachineAddresses } from "../../../runtime/control/machine-address.ts";
import { openDataPlane } from "../../../runtime/control/data-plane-link.ts";
import { socketAddress, type SocketPaths } from "../../../runtime/control/placement.ts";
import { createPlane } from "../../../runtime/control/plane.ts";
import { isProcessStopped } from "../../../runtime/control/process-state.ts";
import type { FromDataPlane, ToDataPlane } from "../../../runtime/model/dataplane.ts";
import type { MeshEvent } from "../../../runtime/model/event.ts";
import { spiffeId } from "../../../runtime/model/identity.ts";
import type { Mesh } from "../../../runtime/model/mesh.ts";
import type { ProxySnapshot } from "../../../runtime/model/snapshot.ts";
import type { CaName, Certificates } from "./certificates.ts";
import { createCertificateFiles } from "./certificate-files.ts";
import { podAddresses } from "../../../runtime/mesh-pods.ts";
import { meshBeside } from "./pods.ts";
import { createInbox } from "./inbox.ts";
import { caseKeySets } from "../tokens.ts";

/** Who a sidecar is, and who says so. */
export interface Certified {
  readonly ca: CaName;
  readonly name: string;
}

/** One control plane and one data plane process, which obey one mesh after the other. */
export interface MeshWorld extends AsyncDisposable {
  /** Whether workloads have their recorded addresses for real. */
  readonly hasPods: boolean;
  readonly paths: SocketPaths;
  /** Makes a mesh current: every sidecar has acknowledged it and has the certificate that `certified` gives it. */
  readonly apply: (mesh: Mesh, ready: ReadonlySet<string>, certified: ReadonlyMap<string, Certified>) => Promise<void>;
  readonly snapshots: () => ReadonlyMap<string, ProxySnapshot>;
  readonly socketAddress: (
    address: string,
    port: number,
  ) => { readonly host: string; readonly port: number } | undefined;
  /** Everything that was told until now and not taken yet. */
  readonly takeEvents: () => Promise<readonly MeshEvent[]>;
  /** What the data plane wrote on its standard error. */
  readonly log: () => string;
}

const patienceMs = 10_000;
/** Time for several processes that each may take theirs to say hello. */
const startPatienceMs = 60_000;

export async function createMeshWorld(certificates: Certificates): Promise<MeshWorld> {
  const folder = mkdtempSync(join(tmpdir(), "mdc-"));
  const paths: SocketPaths = {
    outbound: (workload) => join(folder, `o-${workload}`),
    app: (workload, port) => join(folder, `a-${workload}-${port}`),
    podSocket: (workload, name) => join(folder, `c-${workload}-${name}`),
  };
  const inside = meshBeside();
  const machine = inside === undefined ? await claimMachineAddresses(process.platform) : podAddresses;
  const logPath = join(folder, "log");
  const log = openSync(logPath, "w");
  const inbox = createInbox();
  const files = createCertificateFiles(join(folder, "files"), certificates);
  let started = false;
  let lost: string | undefined;
  let wanted: ReadonlyMap<string, Certified> = new Map();
  const holds = new Map<string, string>();
  let refusals: ReadonlyMap<string, string> = new Map();
  let number = 0;
  let token = 0;

  const link = openDataPlane({
    drain: "strict",
    entry: fileURLToPath(new URL("../../../runtime/dataplane.ts", import.meta.url)),
    env: process.env,
    log,
    clock: systemClock,
    inside,
    isStopped: isProcessStopped,
    onSpawn: () => undefined,
  });

  /** The identity that a case gives a sidecar stands in its snapshot too: a sidecar refuses to be certified as somebody else. */
  function send(message: ToDataPlane): void {
    if (message.type !== "apply") link.send(message);
    else link.send({ ...message, snapshots: message.snapshots.map((snapshot) => files.rewrite(named(snapshot))) });
  }

  function named(snapshot: ProxySnapshot): ProxySnapshot {
    const name = wanted.get(snapshot.proxy)?.name;
    return name === undefined ? snapshot : { ...snapshot, identity: name };
  }

  const plane = createPlane({
    clock: systemClock,
    paths,
    addressesFor: machine.mapFor,
    send,
    onReport: (report) => {
      ({ refusals } = report);
      inbox.stir();
    },
    onRemoved: (proxy) => holds.delete(proxy),
  });

  async function certify(proxy: string, csr: string): Promise<void> {
    const identity = plane.snapshots().get(proxy)?.identity;
    const { ca, name } = wanted.get(proxy) ?? { ca: "mesh" as const, name: identity };
    if (name === undefined) return;
    const chain = await certificates.signCsr(ca, csr, name);
    link.send({ type: "svid", proxy, chain });
    holds.set(proxy, `${ca} ${name}`);
    inbox.stir();
  }

  function hear(message: FromDataPlane): void {
    switch (message.type) {
      case "csr":
        void certify(message.proxy, message.csr);
        return;
      case "ack":
        plane.generations.ack(message.proxy, message.generation);
        return;
      case "nack":
        plane.generations.nack(message.proxy, message.generation, message.reason);
        return;
      default:
        inbox.put(message);
    }
  }

  link.attach({
    onStarted: () => {
      // One that takes the place of another knows nothing of the cases until now.
      if (started) return;
      started = true;
      link.send({ type: "bundle", version: 1, roots: certificates.roots("mesh") });
      link.send({ type: "observe", perSecond: 1_000_000, headers: false });
      inbox.stir();
    },
    onLost: (_pid, reason) => {
      // One that never said a word is missed by nobody: the link starts another.
      if (started) lost = reason;
      inbox.stir();
    },
    onMessage: hear,
  });

  async function until(what: string, isSo: () => boolean): Promise<void> {
    await inbox.until(
      () => lost !== undefined || isSo(),
      patienceMs,
      () => `${what}\n${readFileSync(logPath, "utf8")}`,
    );
    if (lost !== undefined) throw new Error(`the data plane ${lost}\n${readFileSync(logPath, "utf8")}`);
  }

  /** All that the data plane was told before has been done when this is over, and all that it knew has been told. */
  async function settle(): Promise<void> {
    token -= 1;
    const mine = token;
    link.send({ type: "observe", perSecond: 1_000_000, headers: false });
    link.send({ type: "ping", token: mine });
    await until("no pong", () => inbox.hasPong(mine));
  }

  async function close(): Promise<void> {
    plane.generations.close();
    await link.close();
    machine.release();
    closeSync(log);
    rmSync(folder, { recursive: true, force: true });
  }

  try {
    await inbox.until(
      () => started,
      startPatienceMs,
      () => `no data plane\n${readFileSync(logPath, "utf8")}`,
    );
  } catch (error) {
    await close();
    throw error;
  }
  return {
    paths,
    hasPods: inside !== undefined,
    apply: async (mesh, ready, certified) => {
      const before = wanted;
      wanted = certified;
      number += 1;
      refusals = new Map();
      const input = {
        mesh,
        active: new Set(mesh.workloads.map(({ id }) => id)),
        ready,
        leases: [],
        inTheOpen: new Map<string, ReadonlySet<number>>(),
        keySets: caseKeySets(),
      };
      await files.prepare(mesh, (proxy) => certified.get(proxy)?.name ?? identityOf(mesh, proxy));
      const known = plane.snapshots();
      plane.update(input, { number, since: undefined });
      const snapshots = plane.snapshots();
      // The plane sends what changed in its eyes; who only gets another name must hear of it too.
      const renamed = [...snapshots.values()].filter(
        (snapshot) =>
          known.get(snapshot.proxy) === snapshot &&
          before.get(snapshot.proxy)?.name !== certified.get(snapshot.proxy)?.name,
      );
      if (renamed.length > 0)
        send({
          type: "apply",
          generation: number,
          snapshots: renamed,
          placements: [],
          removed: [],
          addresses: machine.mapFor(mesh.workloads),
          names: Object.fromEntries(mesh.workloads.map(({ id, address }) => [address, id])),
        });
      await until(`generation ${number}: waiting for ACKs`, () => plane.generations.isLive() || refusals.size > 0);
      if (!plane.generations.isLive()) throw await refusalOf(refusals);
      const due = [...snapshots.values()].map((snapshot): readonly [string, string] => {
        const { ca, name } = certified.get(snapshot.proxy) ?? { ca: "mesh", name: snapshot.identity };
        return [snapshot.proxy, `${ca} ${name}`];
      });
      for (const [proxy, holding] of due) {
        const held = holds.get(proxy);
        // Another name makes the sidecar ask by itself; another CA does not.
        if (held !== undefined && held !== holding && nameOf(held) === nameOf(holding))
          link.send({ type: "svid.renew", proxy });
      }
      await until("certificates", () => due.every(([proxy, holding]) => holds.get(proxy) === holding));
      await settle();
      inbox.takeEvents();
    },
    snapshots: plane.snapshots,
    socketAddress: (address, port) =>
      inside === undefined ? socketAddress(machine.mapFor([]), address, port) : { host: address, port },
    takeEvents: async () => {
      await settle();
      return inbox.takeEvents();
    },
    log: () => readFileSync(logPath, "utf8"),
    [Symbol.asyncDispose]: close,
  };
}

function identityOf(mesh: Mesh, proxy: string): string {
  const workload = mesh.workloads.find(({ id }) => id === proxy);
  if (workload === undefined) throw new Error(`no workload ${proxy}`);
  const { namespace, serviceAccount } = workload;
  return spiffeId({ trustDomain: workload.trustDomain ?? mesh.config.trustDomain, namespace, serviceAccount });
}

/** This machine cannot stand in for the case: another program listens on a port of all its addresses. */
export class PortTaken extends Error {}

async function refusalOf(refusals: ReadonlyMap<string, string>): Promise<Error> {
  for (const reason of refusals.values()) {
    const port = /EADDRINUSE.*:(\d+)$/.exec(reason)?.[1];
    // An address that nobody of ours has: if it is taken too, somebody took all.
    if (port !== undefined && !(await canListen("127.255.255.253", Number(port))))
      return new PortTaken(`port ${port} of this machine is taken by another program`);
  }
  return new Error([...refusals].map(([proxy, reason]) => `${proxy}: ${reason}`).join("; "));
}

function canListen(host: string, port: number): Promise<boolean> {
  return new Promise((done) => {
    const server = createServer();
    server.once("error", () => done(false));
    server.listen(port, host, () => server.close(() => done(true)));
  });
}

function nameOf(holding: string): string {
  return holding.slice(holding.indexOf(" ") + 1);
}

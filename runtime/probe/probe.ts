import { randomBytes } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import type { Clock } from "../core/clock.ts";
import { MeshError } from "../core/error.ts";
import type { MeshClient } from "../control/client.ts";
import { sessionPaths } from "../host/session.ts";
import { createCa, signCsr } from "../identity/ca.ts";
import { createKeyAndCsr } from "../identity/csr.ts";
import { parseSpiffeId } from "../model/identity.ts";
import type { PolicySet } from "../model/policy.ts";
import type { MeshState } from "../model/state.ts";
import type { Entrance } from "../proxy/send-request.ts";
import { createEar, type Ear } from "./ear.ts";
import type { ProbeReport } from "./report.ts";
import { markerPattern, runProbe } from "./run.ts";
import type { SendOptions } from "./send.ts";
import { trustedIdentity } from "./targets.ts";
import { type Callee, type CallerPlace, type WayIn, waysOfCaller, waysPastSidecars, waysToMembers } from "./ways-in.ts";

export interface ProbeRequest {
  /** Key of the service that is attacked. */
  readonly service: string;
  /** Undefined: what its policies speak of. */
  readonly target: { readonly method: string; readonly path: string } | undefined;
  /** Services in whose name is asked; empty: every service with a sidecar, at most eight. */
  readonly from: readonly string[];
  /** Service port; undefined: the first. */
  readonly port: number | undefined;
  readonly perSecond: number;
  /** How long one attempt may take. */
  readonly patienceMs: number;
  readonly echo: boolean;
}

const mostCallers = 8;

/** Attacks a service of a running mesh and tells what reached its programs. @throws MeshError MD8001, MD8005 */
export async function probeMesh(
  client: MeshClient,
  folder: string,
  request: ProbeRequest,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<ProbeReport> {
  const state = await client.state();
  const callee = findCallee(state, request);
  const callers = request.from.length > 0 ? request.from : otherServices(state, request.service).slice(0, mostCallers);
  const policies = await policiesOf(client, callee);
  const identity = trustedIdentity(policies) ?? callee.members[0]?.identity.replace("spiffe://", "") ?? "";
  const run = randomBytes(3).toString("hex");
  const ear = createEar(new Set(callee.members.map(({ id }) => id)), markerPattern(run), clock);
  const done = new AbortController();
  const listening = listen(client, ear, AbortSignal.any([signal, done.signal]));
  try {
    await listening.begun;
    return await runProbe(
      {
        callee,
        ways: await openWays(client, callers, callee, request.service, state.capture === "node hook"),
        control: controlEntrances(folder, callee),
        policies,
        target: request.target,
        named: request.from,
        authority: `${callee.service.hostname.split(".")[0] ?? ""}:${callee.port.port}`,
        identity,
        perSecond: request.perSecond,
        echo: request.echo,
        run,
      },
      { clock, signal, ear, patienceMs: request.patienceMs, forged: await forge(identity, clock) },
    );
  } finally {
    done.abort();
    await listening.ended;
  }
}

function findCallee(state: MeshState, { service, port }: ProbeRequest): Callee {
  const all = state.workloads.filter((workload) => workload.service === service || workload.id === service);
  if (all.length === 0) {
    const known = [...new Set(state.workloads.map((workload) => workload.service))].join(", ");
    throw new MeshError("MD8005", `there is no service ${service}`, { hint: `The mesh has ${known}.` });
  }
  const ids = new Set(all.map(({ id }) => id));
  const view = state.services.find(({ members }) => members.some((member) => ids.has(member)));
  const chosen = view?.ports.find((each) => isHttp(each) && (port === undefined || each.port === port));
  if (view === undefined || chosen === undefined)
    throw new MeshError("MD8001", `${service} has no port ${port ?? ""}`.trimEnd() + " that speaks HTTP", {
      hint: `Its ports are ${view?.ports.map((each) => `${each.port} (${each.protocol})`).join(", ") ?? "none"}.`,
    });
  const members = all.filter((workload) => workload.state.phase === "ready" || workload.state.phase === "unready");
  if (members.length === 0) throw new MeshError("MD8001", `no program of ${service} is running`);
  return { service: view, port: chosen, members };
}

function isHttp({ protocol }: Callee["port"]): boolean {
  return ["http", "http2", "grpc", "grpc-web", "auto"].includes(protocol);
}

function otherServices(state: MeshState, service: string): readonly string[] {
  const meshed = state.workloads.filter((workload) => workload.sidecar && workload.service !== service);
  return [...new Set(meshed.map((workload) => workload.service))];
}

async function policiesOf(client: MeshClient, callee: Callee): Promise<PolicySet> {
  const meshed = callee.members.find(({ sidecar }) => sidecar);
  const snapshot = meshed === undefined ? undefined : await client.snapshot(meshed.id);
  return snapshot?.inbound.http ?? { layer: "http", policies: [] };
}

/** Borrows the identity of each caller for as long as the client lives. */
async function openWays(
  client: MeshClient,
  callers: readonly string[],
  callee: Callee,
  service: string,
  isReachable: boolean,
): Promise<readonly WayIn[]> {
  const places: CallerPlace[] = [];
  const ways: WayIn[] = [];
  for (const caller of callers) {
    const place = await borrow(client, caller);
    // In network pods the addresses of sidecars are not this machine's: only published ports are.
    places.push(isReachable ? place : { ...place, alias: null });
    ways.push(...waysOfCaller(caller, place, callee));
  }
  const place = places[0] ?? { alias: isReachable ? (await borrow(client, service)).alias : null };
  return [...ways, ...waysToMembers(null, place, callee), ...waysPastSidecars(callee)];
}

async function borrow(client: MeshClient, service: string): Promise<CallerPlace> {
  const answer = await client.command({ type: "lease.acquire", service });
  if (!answer.ok) throw new MeshError("MD8005", answer.message, answer.hint === undefined ? {} : { hint: answer.hint });
  // Written by the daemon in a folder that is ours alone.
  const place: CallerPlace = JSON.parse(readFileSync(answer.env?.["MESHDEV_HOOK"] ?? "", "utf8"));
  return place;
}

/** Where programs of the callee take what their sidecars bring. */
function controlEntrances(folder: string, { members, port }: Callee): readonly Entrance[] {
  const paths = sessionPaths(folder);
  return members.flatMap((member): readonly Entrance[] => {
    const path = paths.app(member.id, port.target);
    if (existsSync(path)) return [{ at: { kind: "unix", path }, from: undefined, preamble: undefined }];
    return waysPastSidecars({ members: [member] })
      .filter(({ entrance }) => entrance.at.kind === "tcp" && entrance.at.port === port.target)
      .map(({ entrance }) => entrance)
      .slice(0, 1);
  });
}

/** Follows the mesh's events; `begun` resolves when nothing can be missed any more. */
function listen(
  client: MeshClient,
  ear: Ear,
  signal: AbortSignal,
): { readonly begun: Promise<void>; readonly ended: Promise<void> } {
  const { promise: begun, resolve, reject } = Promise.withResolvers<void>();
  const follow = async (): Promise<void> => {
    for await (const line of client.events({ signal })) {
      if (line.type === "state") resolve();
      else ear.hear(line);
    }
  };
  const ended = follow().catch(reject);
  return { begun, ended };
}

/** A certificate in the name of somebody whom policies trust, from a CA that nobody knows. */
async function forge(identity: string, clock: Clock): Promise<SendOptions["forged"]> {
  const claimed = parseSpiffeId(`spiffe://${identity}`);
  const ca = await createCa("cluster.local", clock);
  const { key, csr } = createKeyAndCsr();
  const named = claimed ?? { trustDomain: "cluster.local", namespace: "default", serviceAccount: "default" };
  const { chain } = await signCsr(ca, csr, named, 3_600_000, clock);
  return { key, cert: chain };
}

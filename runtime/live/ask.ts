import { randomUUID } from "node:crypto";
import type { Clock } from "../core/clock.ts";
import { MeshError } from "../core/error.ts";
import { createCa, signCsr } from "../identity/ca.ts";
import { createKeyAndCsr } from "../identity/csr.ts";
import type { ConnectionEvent, ExchangeEvent } from "../model/event.ts";
import type { Mesh } from "../model/mesh.ts";
import { type PredictedCall, resolveCall, type ResolvedCall } from "../predict/call.ts";
import { callTitle } from "../suite/case.ts";
import type { Outcome } from "../suite/outcome.ts";
import { type OwnTls, sendBytes, type SeenAnswer } from "./dial.ts";
import type { Ear, Told } from "./ear.ts";
import type { Entrances } from "./entrance.ts";
import { type Heard, isPassedOn, liveOutcome, programOutcome } from "./outcome.ts";

/** Sends calls through the real sidecars of a running mesh. */
export interface LiveMesh {
  readonly mesh: Mesh;
  readonly entrances: Entrances;
  readonly ear: Ear;
  readonly clock: Clock;
}

export type AskLive = (call: PredictedCall) => Promise<Outcome | { readonly skipped: string }>;

/** Sidecars tell at once; a machine that is busy needs a moment, and more of it when the call is made again. */
const tellMs = { first: 3_000, again: 15_000 };
/** How long a call that failed at the caller's sidecar is waited for at the server's. */
const graceMs = 300;

export function bindLive(live: LiveMesh): AskLive {
  const foreign = new Map<string, Promise<OwnTls["certificate"]>>();
  let port = 20_000;

  const sidecars = new Set(live.mesh.workloads.filter(({ sidecar }) => sidecar).map(({ id }) => id));
  const isMeshed = (workload: string | null): boolean => workload !== null && sidecars.has(workload);

  const certificateOf = (identity: string): Promise<OwnTls["certificate"]> => {
    const known = foreign.get(identity) ?? forge(identity, live.clock);
    foreign.set(identity, known);
    return known;
  };

  const ask = async (call: PredictedCall, patienceMs: number): ReturnType<AskLive> => {
    const requestId = randomUUID();
    const traced = call.tcp === undefined ? withRequestId(call, requestId) : call;
    const resolved = resolveCall(live.mesh, traced);
    const { from } = resolved;
    port = port >= 60_000 ? 20_000 : port + 1;
    const own = port;
    const meshed = from?.sidecar === true && call.tls === undefined;
    const entrance = meshed ? live.entrances.bySidecar(from, resolved, own) : live.entrances.direct(resolved);
    if (entrance === undefined) return { skipped: "sidecars cannot be called directly on this system" };
    const tls = await ownTls(call, resolved, live.mesh, certificateOf);
    const mark = live.ear.mark();
    const server = live.entrances.serverOf(resolved);
    const answer = await sendBytes(entrance, resolved.bytes, call.tcp === undefined, tls);
    if (!meshed && server?.sidecar === false) return programOutcome(answer, call.tcp !== undefined);
    const id = headerOf(traced, "x-request-id") ?? requestId;
    const heard = await listen(live.ear, mark, { isMeshed, meshed, id, call, resolved, answer, port: own }, patienceMs);
    if (heard !== undefined) return liveOutcome(heard, answer);
    if (patienceMs === tellMs.first) return ask(call, tellMs.again);
    throw new MeshError(
      "MD8002",
      `no sidecar told what became of ${callTitle(call)} (${answer.error ?? answer.status})`,
    );
  };
  return (call) => ask(call, tellMs.first);
}

interface Sought {
  readonly isMeshed: (workload: string | null) => boolean;
  readonly meshed: boolean;
  readonly id: string;
  readonly call: PredictedCall;
  readonly resolved: ResolvedCall;
  readonly answer: SeenAnswer;
  /** Where the call said it came from. */
  readonly port: number;
}

/** The first word of the server's sidecar; where only the caller's has one, it stands after a moment. */
async function listen(ear: Ear, mark: number, sought: Sought, patienceMs: number): Promise<Heard | undefined> {
  const server = (told: readonly Told[]): Heard | undefined => {
    const heard = hear(told, sought);
    return heard.inbound === undefined && heard.failure === undefined ? undefined : heard;
  };
  const any = (told: readonly Told[]): Heard | undefined => {
    const heard = hear(told, sought);
    return server(told) ?? (heard.outbound === undefined ? undefined : heard);
  };
  const first = await ear.wait(mark, any, patienceMs);
  const { inbound, failure, outbound } = first ?? {};
  if (first === undefined || inbound !== undefined || failure !== undefined) return first;
  // What came to a sidecar is told by it, sooner or later.
  const due = outbound !== undefined && isPassedOn(outbound) && sought.isMeshed(outbound.to.workload);
  return (await ear.wait(mark, server, due ? patienceMs : graceMs)) ?? (due ? undefined : first);
}

function hear(told: readonly Told[], sought: Sought): Heard {
  const inbound = findEvent(told, sought, "inbound");
  const outbound = findEvent(told, sought, "outbound");
  const closed = inbound === undefined || inbound.details === "filter_chain_not_found";
  const failure = closed ? told.find((event) => isFailure(event, sought, outbound)) : undefined;
  return { inbound, outbound, failure: failure?.type === "handshake.failed" ? failure : undefined };
}

function findEvent(
  told: readonly Told[],
  sought: Sought,
  side: "inbound" | "outbound",
): ConnectionEvent | ExchangeEvent | undefined {
  for (const event of told) {
    if (event.type === "handshake.failed" || event.type === "handshake.completed" || event.side !== side) continue;
    // Bytes that are refused before they are a request have no id, but a port; a program may pass an id on to those it calls itself.
    const isOwn = sought.meshed
      ? event.type === "exchange.completed" && event.requestId === sought.id && isFrom(event, sought)
      : isAtPort(event, sought);
    if (event.type === "exchange.completed" && isOwn) return event;
    // Also a request may be raw bytes to a sidecar: in TLS that it does not end.
    if (event.type !== "connection.closed" || (sought.meshed && sought.call.tcp === undefined)) continue;
    const behindSidecar = side === "inbound" && sought.meshed;
    if (behindSidecar ? isFrom(event, sought) : isAtPort(event, sought)) return event;
  }
  return undefined;
}

/** What failed at the server. A caller's sidecar tells whether its request failed at all. */
function isFailure(event: Told, sought: Sought, outbound: Heard["outbound"]): boolean {
  if (event.type !== "handshake.failed" || event.side !== "server") return false;
  if (!sought.meshed) return isAtPort(event, sought);
  if (outbound === undefined || outbound.details === "via_upstream" || !isFrom(event, sought)) return false;
  return outbound.endpoint === event.to.address;
}

function isFrom({ from }: Told, { resolved }: Sought): boolean {
  return from.workload === (resolved.from?.id ?? null);
}

function isAtPort({ from }: Told, { meshed, port, answer }: Sought): boolean {
  return from.address.endsWith(`:${meshed ? port : (answer.localPort ?? 0)}`);
}

function withRequestId(call: PredictedCall, id: string): PredictedCall {
  if (headerOf(call, "x-request-id") !== undefined) return call;
  return { ...call, headers: [...call.headers, ["x-request-id", id]] };
}

function headerOf({ headers }: PredictedCall, name: string): string | undefined {
  return headers.find(([each]) => each === name)?.[1];
}

async function ownTls(
  call: PredictedCall,
  { from, target }: ResolvedCall,
  mesh: Mesh,
  certificateOf: (identity: string) => Promise<OwnTls["certificate"]>,
): Promise<OwnTls | undefined> {
  if (call.tls === undefined || call.tls === "plaintext") return undefined;
  const serverName = target.authority.replace(/:\d+$/, "");
  if (call.tls === "no-certificate") return { serverName, certificate: undefined };
  const namespace = from?.namespace ?? "default";
  const account = from?.serviceAccount ?? "default";
  return { serverName, certificate: await certificateOf(`${mesh.config.trustDomain}/ns/${namespace}/sa/${account}`) };
}

/** A certificate in somebody's name, by a CA that nobody trusts. */
async function forge(identity: string, clock: Clock): Promise<OwnTls["certificate"]> {
  const [trustDomain = "", , namespace = "", , serviceAccount = ""] = identity.split("/");
  const { key, csr } = createKeyAndCsr();
  const ca = await createCa(trustDomain, clock);
  const { chain } = await signCsr(ca, csr, { trustDomain, namespace, serviceAccount }, 3_600_000, clock);
  return { key, cert: chain };
}

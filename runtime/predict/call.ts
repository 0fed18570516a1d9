import type { Clock } from "../core/clock.ts";
import { assertNever } from "../core/assert-never.ts";
import { MeshError } from "../core/error.ts";
import type { DecisionRecord } from "../model/decision.ts";
import type { Mesh, Workload, World } from "../model/mesh.ts";
import type { Provenance } from "../model/resource.ts";
import type { ProxyId, ProxySnapshot } from "../model/snapshot.ts";
import { compile } from "../compile/compile.ts";
import { bindWorkloadsOf } from "../compile/service-index.ts";
import { hostOf } from "../traffic/virtual-host.ts";
import { dial } from "./outbound.ts";
import { bindPaperWorld } from "./paper.ts";
import type { Answer, CertificateClaim, Payload } from "./payload.ts";
import { helpfulProgram } from "./program.ts";
import { createTrace, type Hit, type Judged, type ProxyFacts, type Trace } from "./trace.ts";
import type { AuthorizerAnswer, PaperProxy, PaperWorld } from "./world.ts";

/** A call that nobody makes: who to whom, and what. */
export interface PredictedCall {
  /** Service or workload; `outside` is a caller without sidecar and identity, at an address of no workload. */
  readonly from: string;
  /** Service (by name, `name.namespace` or full name) or workload. */
  readonly to: string;
  readonly method: string;
  /** As sent, with its query. */
  readonly path: string;
  /** Port of the service, or of the workload; undefined: the only or first one. */
  readonly port: number | undefined;
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** How the connection to the server's sidecar is made, past the caller's own; absent: as the caller's sidecar would, or in plaintext without one. */
  readonly tls?: CallerTls;
  /** Sent as it is, instead of a request. */
  readonly tcp?: string;
}

/** `no-certificate`: TLS by somebody who shows none; `foreign-certificate`: with one of another CA. */
export type CallerTls = "plaintext" | "no-certificate" | "foreign-certificate";

/** What is supposed of the world around a call. */
export interface Supposed {
  /** JWK sets that were fetched. */
  readonly keySets?: World["keySets"];
  /** The mesh as it was compiled; undefined: that is done here. */
  readonly snapshots?: ReadonlyMap<ProxyId, ProxySnapshot> | undefined;
  /** Answers of external authorizers by provider; who is not named is not asked, and the verdict depends on it. */
  readonly authorizers?: ReadonlyMap<string, AuthorizerAnswer>;
}

/** What became of a call. `unreachable`: neither policy nor TLS refused it, but it came to no program. */
export type PredictedOutcome = "allow" | "deny" | "tls-fail" | "unreachable";

export interface Prediction {
  /** `depends`: on what an external authorizer says, whom nobody asks here. */
  readonly verdict: "allow" | "deny" | "depends";
  /** The same in more words; of one that depends, what it would be if all agreed. */
  readonly outcome: PredictedOutcome;
  /** One line: `200`, `403 RBAC: access denied`, `plaintext under STRICT`. */
  readonly summary: string;
  /** What the server's sidecar decided; null when it never came to that. */
  readonly decision: DecisionRecord | null;
  readonly details: PredictionDetails;
}

export interface PredictionDetails {
  readonly status: number | null;
  /** Both proxies' view, the server's first where there are two. */
  readonly proxies: readonly ProxyFacts[];
  /** What reached programs. */
  readonly hits: readonly Hit[];
  /** Fields behind a refusal below policy. */
  readonly because: readonly Provenance[];
  /** What sidecars decided, with all they looked at. */
  readonly judged: readonly Judged[];
}

/** An address of nobody in the mesh. */
export const outsideAddress = "192.0.2.1";

/** Runs one call through the compiled mesh with the functions that the sidecars use. Every workload counts as ready; `clock` judges tokens. */
export function predictCall(
  mesh: Mesh,
  call: PredictedCall,
  clock: Pick<Clock, "now">,
  keySets: World["keySets"] = new Map(),
): Prediction {
  return bindPrediction(mesh, clock, { keySets })(call);
}

/** The same for many calls: the mesh is compiled once. The calls throw MD8005 for names that the mesh does not have. */
export function bindPrediction(
  mesh: Mesh,
  clock: Pick<Clock, "now">,
  { keySets = new Map(), authorizers, snapshots }: Supposed = {},
): (call: PredictedCall) => Prediction {
  const everybody = { ready: new Set(mesh.workloads.map((workload) => workload.id)), keySets };
  const compiled = snapshots ?? compile(mesh, everybody);
  const world: PaperWorld = { ...bindPaperWorld(mesh, everybody, compiled, helpfulProgram, clock), authorizers };
  return (call) => {
    const { from, target, bytes } = resolveCall(mesh, call);
    const trace = createTrace();
    const proxy = from === undefined || call.tls !== undefined ? undefined : world.proxy(from);
    const payload = payloadOf(call.tls, { kind: "bytes", bytes }, target, from && world.certificate(from));
    // An outside caller knows no VIP: it reaches the sidecar of a workload itself, as a published port does.
    const answer = dial(world, { address: from?.address ?? outsideAddress, proxy }, target, payload, trace);
    return withCallersSide(predictionOf(answer, trace), proxy);
  };
}

/** Below policy the caller's TLS settings count as much as the server's. */
function withCallersSide(prediction: Prediction, proxy: PaperProxy | undefined): Prediction {
  const { outcome, details } = prediction;
  if (outcome !== "tls-fail" || proxy === undefined) return prediction;
  const { clusters } = proxy.snapshot.outbound;
  const own = details.proxies.flatMap(({ side, cluster }) =>
    side === "outbound" && cluster !== undefined ? (clusters[cluster]?.because ?? []) : [],
  );
  return { ...prediction, details: { ...details, because: [...details.because, ...own] } };
}

export interface ResolvedCall {
  /** Undefined: somebody outside of the mesh. */
  readonly from: Workload | undefined;
  readonly target: Target;
  readonly bytes: Buffer;
}

/** Who calls, where to, and what is written there. @throws MeshError MD8005 */
export function resolveCall(mesh: Mesh, call: PredictedCall): ResolvedCall {
  const from = call.from === "outside" ? undefined : findWorkload(mesh, call.from);
  if (from === undefined && call.from !== "outside") throw unknownParty(mesh, call.from, undefined);
  const target = findTarget(mesh, call.to, call.port, from?.namespace ?? "default");
  if (target === undefined) throw unknownParty(mesh, call.to, call.port);
  const bytes = call.tcp === undefined ? requestBytes(call, target) : Buffer.from(call.tcp, "utf8");
  return { from, target, bytes };
}

function payloadOf(
  tls: CallerTls | undefined,
  inner: Payload,
  target: Target,
  own: CertificateClaim | undefined,
): Payload {
  if (tls === undefined || tls === "plaintext") return inner;
  const claim = { uriSans: [], dnsSans: [], subject: "", expired: false, hash: "", ...own, issuer: "foreign" };
  const certificate = tls === "no-certificate" ? undefined : claim;
  const sni = hostOf(target.authority);
  const offer = { alpn: ["http/1.1"], sni, certificate, minVersion: 12, maxVersion: 13, judge: () => undefined };
  return { kind: "tls", offer, inner };
}

function unknownParty(mesh: Mesh, name: string, port: number | undefined): MeshError {
  const names = [
    ...new Set([
      ...mesh.services.map((service) => service.name),
      ...mesh.workloads.map((workload) => workload.service),
    ]),
  ];
  const what = port === undefined ? "" : ` with port ${port}`;
  return new MeshError("MD8005", `there is no service or workload ${name}${what}`, {
    hint: `The mesh has ${names.toSorted().join(", ")}.`,
  });
}

/** What became of a call, from all that happened to it. */
export function predictionOf(answer: Answer, { proxies, hits, judged, refusal, dependsOn = [] }: Trace): Prediction {
  const decided = proxies.findLast((facts) => facts.decision !== undefined)?.decision ?? null;
  const status = answer.kind === "http" ? answer.status : null;
  const reached = hits.length > 0;
  // Allowed is what comes to the program, or to an answer that a route gives by itself; all else is refused.
  const denied = decided?.verdict === "deny" || (!reached && !isOwnAnswer(proxies));
  const summary = summaryOf(answer, proxies, refusal);
  const asked = [...new Set(dependsOn)].join(" and ");
  return {
    verdict: denied ? "deny" : asked === "" ? "allow" : "depends",
    outcome: outcomeOf(denied, decided, answer, proxies),
    summary: asked === "" ? summary : `depends on provider ${asked}, whom nobody asks here; if it agrees: ${summary}`,
    decision: decided,
    details: { status, proxies, hits, because: refusal?.because ?? [], judged },
  };
}

function outcomeOf(
  denied: boolean,
  decided: DecisionRecord | null,
  answer: Answer,
  proxies: readonly ProxyFacts[],
): PredictedOutcome {
  if (!denied) return "allow";
  if (decided?.verdict === "deny") return "deny";
  const failed = proxies.some(
    ({ details = "" }) => details === "filter_chain_not_found" || details.includes("TLS_error"),
  );
  return answer.kind === "tls-failed" || failed ? "tls-fail" : "unreachable";
}

function isOwnAnswer(proxies: readonly ProxyFacts[]): boolean {
  return proxies.some((facts) => facts.side === "outbound" && facts.details === "direct_response");
}

function summaryOf(answer: Answer, proxies: readonly ProxyFacts[], refusal: Trace["refusal"]): string {
  const below = refusal === undefined ? "" : ` (${refusal.reason}, at ${refusal.proxy})`;
  switch (answer.kind) {
    case "http": {
      const facts = proxies.findLast((each) => each.side === "outbound") ?? proxies.at(-1);
      const text = answer.status < 400 || answer.body === "" ? "" : ` ${answer.body}`;
      const flags = facts?.flags === undefined ? "" : ` [${facts.flags}]`;
      return `${answer.status}${text}${flags}${below}`;
    }
    case "bytes":
      return "reaches the program as raw bytes";
    case "closed":
      return `the connection is closed${below}`;
    case "refused":
      return "the connection is refused: nothing listens there";
    case "hang":
      return "nothing ever answers";
    case "tls-failed":
      return `the TLS handshake fails: ${answer.alert ?? answer.text}${below}`;
    default:
      return assertNever(answer);
  }
}

function findWorkload(mesh: Mesh, name: string): Workload | undefined {
  const exact = mesh.workloads.find((each) => each.id === name || `${each.name}.${each.namespace}` === name);
  if (exact !== undefined) return exact;
  const [service, namespace] = name.split(".");
  return mesh.workloads.find(
    (each) => each.service === service && (namespace === undefined || each.namespace === namespace),
  );
}

interface Target {
  readonly address: string;
  readonly port: number;
  readonly authority: string;
}

function findTarget(mesh: Mesh, name: string, port: number | undefined, namespace: string): Target | undefined {
  const services = mesh.services.filter((each) =>
    [each.name, `${each.name}.${each.namespace}`, each.hostname].includes(name),
  );
  const service = services.find((each) => each.namespace === namespace) ?? services[0];
  if (service !== undefined) {
    const chosen = port === undefined ? service.ports[0] : service.ports.find((each) => each.port === port);
    if (chosen === undefined) return undefined;
    const authority = chosen.port === 80 ? name : `${name}:${chosen.port}`;
    if (service.address !== "None") return { address: service.address, port: chosen.port, authority };
    const [first] = bindWorkloadsOf(mesh)(service);
    return first === undefined ? undefined : { address: first.address, port: chosen.target, authority };
  }
  const workload = findWorkload(mesh, name);
  const chosen = port ?? workload?.ports[0]?.port;
  return workload === undefined || chosen === undefined
    ? undefined
    : { address: workload.address, port: chosen, authority: `${name}:${chosen}` };
}

function requestBytes(call: PredictedCall, target: Target): Buffer {
  const given = call.headers.find(([name]) => name.toLowerCase() === "host")?.[1];
  const lines = [
    `${call.method} ${call.path} HTTP/1.1`,
    `host: ${given ?? target.authority}`,
    ...call.headers.filter(([name]) => name.toLowerCase() !== "host").map(([name, value]) => `${name}: ${value}`),
  ];
  // No line break of an argument may begin a header of its own.
  return Buffer.from(`${lines.map((line) => line.replaceAll(/[\r\n]/g, " ")).join("\r\n")}\r\n\r\n`, "utf8");
}

import { assertNever } from "../../../runtime/core/assert-never.ts";
import type { HandshakeEvent, MeshEvent } from "../../../runtime/model/event.ts";
import type { Mesh, Workload } from "../../../runtime/model/mesh.ts";
import { spiffeId } from "../../../runtime/model/identity.ts";
import { isSelected } from "../../../runtime/policy/selector.ts";
import type { Answer, CertificateClaim, HttpAnswer, Payload } from "../../../runtime/predict/payload.ts";
import type { Hit } from "../../../runtime/predict/trace.ts";
import type { Case, CaseRequest, ExpectedRequest, LoadedCase } from "../case.ts";
import { compare, type Difference } from "../compare.ts";
import type { RequestResult } from "../engine.ts";
import { meshOf } from "../mesh.ts";
import { callOf, lookUp } from "../request.ts";
import { skipCase, skipRequest } from "../skip.ts";
import { strayRequests, withoutStrays } from "../strays.ts";
import type { Certificates, KeyPair } from "./certificates.ts";
import { type Asked, type ClientConnection, type ClientTls, type Dial, openClient, type Seen } from "./client.ts";
import type { EchoApps, EchoPort } from "./echo-app.ts";
import { factsOf, isHandshake, type Told } from "./facts.ts";
import { type Certified, type MeshWorld, PortTaken } from "./mesh-world.ts";
import type { Patience } from "./read-answer.ts";
import { alertOf } from "./recorded-alert.ts";

/** What all cases share. */
export interface Stage {
  readonly compareSeconds: boolean;
  readonly world: MeshWorld;
  readonly apps: EchoApps;
  readonly certificates: Certificates;
  /** Every handshake so far: requests travel on connections that earlier ones, even of other cases, opened. */
  readonly handshakes: Map<string, HandshakeEvent>;
}

interface Scene extends Stage {
  readonly spec: Case;
  readonly mesh: Mesh;
  readonly ready: ReadonlySet<string>;
  /** Requests that the recorder could not tell from their neighbours. */
  readonly strays: readonly ExpectedRequest[];
  /** Connections that several requests use. */
  readonly shared: Map<string, ClientConnection>;
}

/** Plays a case on real sockets: makes its mesh current, sends its requests in order, compares. */
export async function playCase(stage: Stage, loaded: LoadedCase): Promise<ReadonlyMap<string, RequestResult>> {
  const spec = loaded.case;
  // A mesh that cannot be made current fails with all of its requests, and the next case begins anew.
  try {
    return await playRequests(stage, loaded);
  } catch (error) {
    const told = error instanceof Error ? error.message : String(error);
    if (error instanceof PortTaken)
      return new Map(spec.requests.map(({ id }) => [id, { kind: "skipped", reason: told }]));
    const differences = [{ what: "case", expected: undefined, actual: told }];
    return new Map(spec.requests.map(({ id }) => [id, { kind: "failed", differences }]));
  }
}

async function playRequests(stage: Stage, loaded: LoadedCase): Promise<ReadonlyMap<string, RequestResult>> {
  const spec = loaded.case;
  const results = new Map<string, RequestResult>();
  const made = meshOf(spec, loaded.expected);
  const later = skipCase(loaded, made);
  if (later !== undefined) {
    for (const { id } of spec.requests) results.set(id, { kind: "skipped", reason: later });
    return results;
  }
  const mesh = withDialledPorts(made.mesh, spec);
  const unready = new Set(spec.workloads.filter((each) => each.notReady === true).map(idOf));
  const ready = new Set(mesh.workloads.map(({ id }) => id).filter((id) => !unready.has(id)));
  await stage.apps.serve([]);
  await stage.world.apply(mesh, ready, certifiedOf(mesh, spec));
  await stage.apps.serve(echoPorts(stage.world, made.mesh, spec));
  const strays = strayRequests(spec.requests, loaded.expected);
  const scene: Scene = { ...stage, spec, mesh, ready, strays, shared: new Map() };
  for (const request of spec.requests) {
    const expected = loaded.expected.requests[request.id];
    const reason = skipRequest(request, expected) ?? strangersAddress(mesh, spec, request);
    // What is not compared is sent all the same: later requests depend on the order.
    if (reason !== undefined && reason !== "unstable") {
      results.set(request.id, { kind: "skipped", reason });
      continue;
    }
    const differences = await play(scene, request, expected);
    if (expected === undefined) results.set(request.id, { kind: "skipped", reason: "unstable" });
    else results.set(request.id, differences.length === 0 ? { kind: "passed" } : { kind: "failed", differences });
  }
  for (const connection of scene.shared.values()) connection.close();
  return results;
}

/** Whether a machine answers at an address outside of the mesh is not ours to say, and no test calls strangers. */
function strangersAddress(mesh: Mesh, spec: Case, request: CaseRequest): string | undefined {
  const { address } = dialledBy(mesh, spec, request);
  if (address === undefined || address.startsWith("127.")) return undefined;
  const known = [...mesh.workloads, ...mesh.services].some((each) => each.address === address);
  return known ? undefined : "an address outside of the mesh";
}

/** What a request's caller dials. */
function dialledBy(
  mesh: Mesh,
  spec: Case,
  request: CaseRequest,
): { readonly address: string | undefined; readonly port: number } {
  const { host, port } = callOf(request, spec.id);
  const from = mesh.workloads.find((each) => each.name === request.from || each.id === request.from);
  return { address: from === undefined ? undefined : lookUp(mesh, spec, from, host), port };
}

function idOf(workload: { readonly name: string; readonly namespace?: string }): string {
  return `${workload.name}.${workload.namespace ?? "default"}`;
}

/** A pod's sidecar guards every port that somebody dials at its address; ours must be told which. */
function withDialledPorts(mesh: Mesh, spec: Case): Mesh {
  const dialled = spec.requests.map((request) => dialledBy(mesh, spec, request));
  const workloads = mesh.workloads.map((workload) => {
    if (!workload.sidecar) return workload;
    const asked = dialled.filter(({ address }) => address === workload.address).map(({ port }) => port);
    const ports = new Set([...workload.ports.map(({ port }) => port), ...asked]);
    return { ...workload, ports: [...ports].map((port) => ({ name: "", port })) };
  });
  return { ...mesh, workloads };
}

function certifiedOf(mesh: Mesh, spec: Case): ReadonlyMap<string, Certified> {
  const certified = new Map<string, Certified>();
  for (const workload of spec.workloads) {
    const { cert } = workload;
    const known = mesh.workloads.find(({ id }) => id === idOf(workload));
    if (cert === undefined || known === undefined) continue;
    certified.set(
      known.id,
      cert === "rogue" ? { ca: "rogue", name: identityOf(mesh, known) } : { ca: "mesh", name: cert },
    );
  }
  return certified;
}

function identityOf(mesh: Mesh, { trustDomain, namespace, serviceAccount }: Workload): string {
  return spiffeId({ trustDomain: trustDomain ?? mesh.config.trustDomain, namespace, serviceAccount });
}

function echoPorts(world: MeshWorld, mesh: Mesh, spec: Case): readonly EchoPort[] {
  const modes = new Map(
    spec.workloads.flatMap((workload) =>
      (workload.ports ?? []).map(({ port, mode }) => [`${idOf(workload)}:${port}`, mode ?? ""] as const),
    ),
  );
  return mesh.workloads.flatMap((workload) =>
    workload.ports.flatMap(({ port }): readonly EchoPort[] => {
      const mode = modes.get(`${workload.id}:${port}`) ?? "";
      const at = workload.sidecar
        ? { path: world.paths.app(workload.id, port) }
        : world.socketAddress(workload.address, port);
      return mode === "closed" || at === undefined ? [] : [{ workload: workload.name, port, mode, at }];
    }),
  );
}

async function play(
  scene: Scene,
  request: CaseRequest,
  expected: ExpectedRequest | undefined,
): Promise<readonly Difference[]> {
  const { mesh, spec, apps } = scene;
  const from = mesh.workloads.find((each) => each.name === request.from || each.id === request.from);
  if (from === undefined) return [{ what: "from", expected: request.from, actual: undefined }];
  const call = callOf(request, `${spec.id}~${request.id}~1`);
  const address = lookUp(mesh, spec, from, call.host);
  if (address === undefined)
    return expected?.outcome === "unresolved" ? [] : [{ what: "address", expected: call.host, actual: undefined }];
  const before = performance.now();
  const seen = await send(scene, request, from, { address, port: call.port }, call.payload);
  const seconds = (performance.now() - before) / 1000;
  const hits: Hit[] = [];
  const told = await collect(scene, request, expected, hits);
  if (expected === undefined) return [];
  const answer = settled(apps, seen, told);
  const own = withoutStrays(request, expected, scene.strays, {
    hits: hits.length,
    logs: (proxy) => told.proxies.filter((facts) => facts.proxy === proxy).length,
  });
  const differences = [...compare(request, own, answer, { hits, proxies: [...told.proxies] })];
  const alert = alertOf(expected.client);
  if (alert !== undefined && expected.outcome === "tls-rejected") {
    const ours = told.failures.find(({ side }) => side === "server")?.failure?.alert ?? seen.alert;
    if (ours !== alert) differences.push({ what: "alert", expected: alert, actual: ours });
  }
  const recorded = expected.seconds;
  if (scene.compareSeconds && recorded !== undefined && Math.abs(recorded - seconds) > 0.4)
    differences.push({ what: "seconds", expected: recorded, actual: Math.round(seconds * 100) / 100 });
  return differences;
}

/**
 * What the proxies told of the request, once all that was recorded is there; more is waited for in vain, and that shows. When what
 * is left without its neighbours' is there, a short silence is enough.
 */
async function collect(
  scene: Scene,
  request: CaseRequest,
  expected: ExpectedRequest | undefined,
  hits: Hit[],
): Promise<Told> {
  const all = amountOf(expected);
  const least = amountOf(expected && withoutStrays(request, expected, scene.strays, { hits: 0, logs: () => 0 }));
  const events: MeshEvent[] = [];
  for (let waited = 0, quiet = 0; ; waited += 5) {
    const fresh = await scene.world.takeEvents();
    for (const event of fresh) if (isHandshake(event)) scene.handshakes.set(event.id, event);
    events.push(...fresh);
    hits.push(...scene.apps.takeHits().map((hit) => withoutHash(scene.certificates, hit)));
    const told = factsOf(events, scene.handshakes, scene.world.snapshots());
    const has = (amount: Amount): boolean =>
      told.proxies.length >= amount.logs && told.failures.length >= amount.failures && hits.length >= amount.hits;
    quiet = fresh.length > 0 ? 0 : quiet + 5;
    if (has(all) || (has(least) && quiet > quietMs) || waited > maxWaitMs) return told;
    // A connection that sidecars keep for later is told when it ends: the recordings' applications ended them.
    if (waited === patientMs && !has(least)) scene.apps.hangUp();
    await new Promise((done) => {
      setTimeout(done, 5);
    });
  }
}

interface Amount {
  readonly logs: number;
  readonly failures: number;
  readonly hits: number;
}

function amountOf(expected: ExpectedRequest | undefined): Amount {
  const proxies = expected?.proxies ?? [];
  const refused = proxies.filter((each) => each["downstreamTlsFailure"] !== undefined);
  return {
    logs:
      proxies.filter((each) => each["log"] === "access").length -
      refused.filter((each) => each["log"] === "access").length,
    failures: refused.length > 0 ? 1 : 0,
    hits: expected?.upstream.length ?? 0,
  };
}

const quietMs = 60;
const maxWaitMs = 2000;
const patientMs = 50;

/** Replaces the hash of a forwarded certificate by the recordings' placeholder when it is the one of the certificate that is named beside it. */
function withoutHash(certificates: Certificates, hit: Hit): Hit {
  if (hit.headers === undefined) return hit;
  const headers = hit.headers.map(([name, value]): readonly [string, string] => [
    name,
    name === "x-forwarded-client-cert"
      ? value.replaceAll(/Hash=([0-9a-f]{64})(?=([^,]*))/g, (whole, hash: string, rest: string) => {
          const known = certificates.nameOf(hash);
          const isNamed = /(?:URI|DNS)=/.test(rest);
          return known !== undefined && (!isNamed || rest.includes(`URI=${known}`) || rest.includes(`DNS=${known}`))
            ? "Hash=<sha256>"
            : whole;
        })
      : value,
  ]);
  return { ...hit, headers };
}

/** The answer in the words of a recording: the echo's own body has a name, and a close that our event explains was a refusal. */
function settled(apps: EchoApps, { answer }: Seen, told: Told): Answer {
  if (answer.kind === "http") return named(apps, answer);
  if (answer.kind !== "closed" || answer.tls === undefined) return answer;
  const failure = told.failures.find(({ side }) => side === "server")?.failure;
  if (failure === undefined || failure === null || failure.alert === null) return answer;
  return {
    kind: "tls-failed",
    by: "server",
    alert: failure.alert,
    late: true,
    text: failure.reason,
    session: answer.tls,
  };
}

function named(apps: EchoApps, answer: HttpAnswer): HttpAnswer {
  const more = answer.more?.map((each) => named(apps, each));
  const body = apps.isEcho(answer.body) ? "<echo>" : answer.body;
  return { ...answer, body, ...(more === undefined ? {} : { more }) };
}

async function send(
  scene: Scene,
  request: CaseRequest,
  from: Workload,
  target: { readonly address: string; readonly port: number },
  payload: Payload,
): Promise<Seen> {
  const patience = patienceOf(request);
  const name = request.conn;
  const kept = name === undefined ? undefined : scene.shared.get(name);
  const bytes = askedOf(request, payload);
  if (kept !== undefined) return kept.ask(bytes, patience);
  const dial = dialOf(scene, from, target);
  if (dial === undefined) return { answer: { kind: "refused" }, received: undefined, alert: undefined };
  const tls = payload.kind === "tls" ? await clientTls(scene, from, request, payload) : undefined;
  const opened = await openClient({ dial, tls, patience });
  if ("answer" in opened) return opened;
  const seen = await opened.ask(bytes, patience);
  if (name === undefined) opened.close();
  else scene.shared.set(name, opened);
  return seen;
}

let sourcePort = 20_000;

function dialOf(
  scene: Scene,
  from: Workload,
  target: { readonly address: string; readonly port: number },
): Dial | undefined {
  const { world } = scene;
  // A hook leaves a program's calls to itself alone, as a pod's rules do.
  const self = from.address === target.address || target.address.startsWith("127.");
  if (self && from.sidecar) return { kind: "app", path: world.paths.app(from.id, target.port) };
  if (from.sidecar) {
    sourcePort = sourcePort >= 60_000 ? 20_000 : sourcePort + 1;
    return {
      kind: "sidecar",
      path: world.paths.outbound(from.id),
      source: { address: from.address, port: sourcePort },
      destination: target,
    };
  }
  const pod = behindVip(scene, target);
  const at = pod === undefined ? undefined : world.socketAddress(pod.address, pod.port);
  const local = world.socketAddress(from.address, 0);
  return at === undefined || local === undefined ? undefined : { kind: "direct", ...at, localAddress: local.host };
}

/** Without a sidecar a VIP leads to a ready pod, as kube-proxy arranges it. */
function behindVip(
  { mesh, ready }: Scene,
  target: { readonly address: string; readonly port: number },
): { readonly address: string; readonly port: number } | undefined {
  const service = mesh.services.find((each) => each.address === target.address);
  if (service === undefined) return target;
  const port = service.ports.find((each) => each.port === target.port);
  const pod = mesh.workloads.find(
    (each) => each.namespace === service.namespace && ready.has(each.id) && isSelected(service.selector, each.labels),
  );
  return port === undefined || pod === undefined ? undefined : { address: pod.address, port: port.target };
}

async function clientTls(
  scene: Scene,
  from: Workload,
  request: CaseRequest,
  payload: Extract<Payload, { kind: "tls" }>,
): Promise<ClientTls> {
  const { certificate } = payload.offer;
  return { offer: payload.offer, certificate: certificate === undefined ? undefined : await keyPair(certificate) };

  function keyPair(claim: CertificateClaim): Promise<KeyPair> {
    const [name = ""] = [...claim.uriSans, ...claim.dnsSans];
    const ca = claim.issuer === "rogue" || request.tls?.cert === "rogue" ? "rogue" : "mesh";
    const known = name === "workload" || name === "rogue" ? identityOf(scene.mesh, from) : name;
    return scene.certificates.issue(ca, known, claim.expired);
  }
}

function askedOf(request: CaseRequest, payload: Payload): Asked {
  switch (payload.kind) {
    case "bytes": {
      const sends = request.tcp?.sends?.map((text) => Buffer.from(text, "utf8"));
      return { kind: "bytes", sends: sends ?? [payload.bytes] };
    }
    case "tls":
      return askedOf(request, payload.inner);
    case "h2":
      return payload;
    default:
      return assertNever(payload);
  }
}

/** Recorded clients gave up a silent connection after 1.5 s of TCP and 5 s of HTTP. */
function patienceOf(request: CaseRequest): Patience {
  const method = request.method ?? "GET";
  if (request.tcp !== undefined) return { until: "line", method, firstByteMs: request.timeoutMs ?? 1500, quietMs: 0 };
  if (request.raw !== undefined) return { until: "quiet", method, firstByteMs: request.timeoutMs ?? 5000, quietMs: 60 };
  return { until: "http", method, firstByteMs: request.timeoutMs ?? 5000, quietMs: 0 };
}

import type { Mesh } from "../../../runtime/model/mesh.ts";
import type { Answer } from "../../../runtime/predict/payload.ts";
import type { Hit } from "../../../runtime/predict/trace.ts";
import type { Case, CaseRequest, ExpectedRequest, LoadedCase } from "../case.ts";
import { compare } from "../compare.ts";
import { type Difference } from "../outcome.ts";
import type { RequestResult } from "../engine.ts";
import { meshOf } from "../mesh.ts";
import { callOf, lookUp } from "../request.ts";
import { skipCase, skipRequest } from "../skip.ts";
import { strayRequests, withoutStrays } from "../strays.ts";
import type { Seen } from "./client.ts";
import type { Told } from "./facts.ts";
import { PortTaken } from "./mesh-world.ts";
import { pemWishes } from "../pem.ts";
import { collect, settled } from "./observe.ts";
import { isRepeated, playRepeated } from "./play-repeated.ts";
import { alertOf } from "./recorded-alert.ts";
import { certifiedOf, echoPorts, idOf, type Scene, type Stage, strangersAddress, withDialledPorts } from "./scene.ts";
import { send } from "./send.ts";

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
  const pem = await stage.certificates.pem(pemWishes(spec.config));
  const made = meshOf(spec, loaded.expected, pem);
  const later = skipCase(loaded, made);
  if (later !== undefined) {
    for (const { id } of spec.requests) results.set(id, { kind: "skipped", reason: later });
    return results;
  }
  const scene = await enterScene(stage, spec, made.mesh, strayRequests(spec.requests, loaded.expected));
  for (const request of spec.requests) {
    const expected = loaded.expected.requests[request.id];
    const reason = skipRequest(request, expected, made) ?? strangersAddress(scene.mesh, spec, request);
    // What is not compared is sent all the same: later requests depend on the order.
    if (reason !== undefined && reason !== "unstable") {
      results.set(request.id, { kind: "skipped", reason });
      continue;
    }
    const differences =
      expected !== undefined && isRepeated(request, expected)
        ? await playRepeated(scene, request, expected)
        : await play(scene, request, expected);
    if (expected === undefined) results.set(request.id, { kind: "skipped", reason: "unstable" });
    else results.set(request.id, differences.length === 0 ? { kind: "passed" } : { kind: "failed", differences });
  }
  for (const connection of scene.shared.values()) connection.close();
  return results;
}

/** Makes a case's mesh current and starts its applications. */
export async function enterScene(
  stage: Stage,
  spec: Case,
  made: Mesh,
  strays: readonly ExpectedRequest[],
): Promise<Scene> {
  const mesh = withDialledPorts(made, spec);
  const unready = new Set(spec.workloads.filter((each) => each.notReady === true).map(idOf));
  const ready = new Set(mesh.workloads.map(({ id }) => id).filter((id) => !unready.has(id)));
  await stage.apps.serve([]);
  await stage.world.apply(mesh, ready, certifiedOf(mesh, spec));
  await stage.apps.serve(echoPorts(stage.world, made, spec));
  return { ...stage, spec, mesh, ready, strays, shared: new Map() };
}

interface Observed {
  readonly answer: Answer;
  readonly seen: Seen;
  readonly told: Told;
  readonly hits: readonly Hit[];
  readonly seconds: number;
}

/** Sends one request and waits until what `expected` tells of it is there. A text: the name that could not be resolved. */
export async function observe(
  scene: Scene,
  request: CaseRequest,
  expected: ExpectedRequest | undefined,
): Promise<Observed | string> {
  const { mesh, spec, apps } = scene;
  const from = mesh.workloads.find((each) => each.name === request.from || each.id === request.from);
  if (from === undefined) return request.from;
  const call = callOf(request, `${spec.id}~${request.id}~1`);
  const address = lookUp(mesh, spec, from, call.host);
  if (address === undefined) return call.host;
  const before = performance.now();
  const seen = await send(scene, request, from, { address, port: call.port }, call.payload);
  const seconds = (performance.now() - before) / 1000;
  const hits: Hit[] = [];
  const told = await collect(scene, request, expected, hits);
  return { answer: settled(apps, seen, told), seen, told, hits, seconds };
}

async function play(
  scene: Scene,
  request: CaseRequest,
  expected: ExpectedRequest | undefined,
): Promise<readonly Difference[]> {
  const observed = await observe(scene, request, expected);
  if (expected === undefined) return [];
  if (typeof observed === "string")
    return expected.outcome === "unresolved" ? [] : [{ what: "address", expected: observed, actual: undefined }];
  const { answer, seen, told, hits, seconds } = observed;
  const own = withoutStrays(request, expected, scene.strays, {
    hits: hits.length,
    logs: (proxy) => told.proxies.filter((facts) => facts.proxy === proxy).length,
  });
  const seenTrace = { hits: [...hits], proxies: [...told.proxies] };
  const differences = [...compare(request, own, answer, seenTrace)];
  const alert = alertOf(expected.client);
  if (alert !== undefined && expected.outcome === "tls-rejected") {
    const event = told.failures.find(({ side }) => side === "server")?.failure?.alert ?? seen.alert;
    if (event !== alert) differences.push({ what: "alert in the event", expected: alert, actual: event });
    // Under TLS 1.2 a server that Node runs can only close.
    const isWritten = request.tls?.maxVersion === undefined || seen.alert !== undefined;
    if (isWritten && seen.alert !== alert) differences.push({ what: "alert", expected: alert, actual: seen.alert });
  }
  const recorded = expected.seconds;
  if (scene.compareSeconds && recorded !== undefined && Math.abs(recorded - seconds) > 0.4)
    differences.push({ what: "seconds", expected: recorded, actual: Math.round(seconds * 100) / 100 });
  return differences;
}

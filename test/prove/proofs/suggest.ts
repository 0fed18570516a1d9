import * as fc from "fast-check";
import { guardedPort } from "../../../runtime/access/ports.ts";
import { type GuardedPort, type SampleRequest, seenBy, targetOf } from "../../../runtime/access/sample.ts";
import { compile } from "../../../runtime/compile/compile.ts";
import type { RequestFacts } from "../../../runtime/model/decision.ts";
import type { Mesh } from "../../../runtime/model/mesh.ts";
import type { Opening } from "../../../runtime/suggest/opened.ts";
import type { Suggestion } from "../../../runtime/suggest/suggest.ts";
import { properParts } from "../../../runtime/suggest/together.ts";
import type { Case, CaseRequest } from "../../conformance/case.ts";
import { meshOf } from "../../conformance/mesh.ts";
import { outcomeOf } from "../../conformance/outcome.ts";
import { enterScene, observe } from "../../conformance/sockets/play-case.ts";
import { createStage } from "../../conformance/sockets/run-sockets.ts";
import { createRandom } from "../../fuzz/random.ts";
import { referenceOf } from "../../reference/outcome.ts";
import { randomCase, writtenCase } from "../../reference/random/case.ts";
import { addressOf, tokenOf } from "../../reference/random/judge.ts";
import { judgePoints, type Point, pointsOf } from "../brute-force.ts";
import type { Proof } from "../proof.ts";
import { askOf, configWith, meshWith, suggestOn } from "../suggest-case.ts";

type Stage = Awaited<ReturnType<typeof createStage>>;

const isLetIn = /^(?:http:200|tcp:echo|app-rejected)/;

/**
 * For random denials every edit that is suggested: the request, sent again for real, is let in; no proper part of the edit is enough,
 * by the engine and by the reference; and the classes that are said to open are exactly the requests of a finite domain that the
 * reference refuses before and allows after.
 */
export const prove: Proof = async ({ count = 200, seed, progress }) => {
  await using stage = await createStage({ compareSeconds: false });
  const failures: string[] = [];
  const counts = new Map<string, number>();
  const add = (what: string, by = 1): void => {
    counts.set(what, (counts.get(what) ?? 0) + by);
  };
  let denials = 0;
  for (let batch = 0; denials < count; batch += 1) {
    for (const spec of fc.sample(randomCase, { numRuns: 10, seed: seed * 100_003 + batch })) {
      const { mesh, rejected } = meshOf(spec, { id: spec.id, requests: {} });
      if (rejected.length > 0) continue;
      const reference = referenceOf(spec);
      for (const request of spec.requests) {
        const wanted = reference(request, { addressOf, token: tokenOf(request) });
        if (denials >= count || wanted === undefined || isLetIn.test(wanted.outcome)) continue;
        const { reply, advice, suggestions } = suggestOn(spec, mesh, request);
        if (reply.kind !== "policy" && reply.kind !== "no-chain") {
          add(`no matter of edits: ${reply.kind}`);
          continue;
        }
        if (suggestions.length === 0) {
          const isToken = advice.some(({ kind }) => kind === "send-token");
          add(isToken ? "a token is missing: no edit" : "no edit found");
          if (!isToken && canPass(spec, request, mesh))
            failures.push(`no edit for ${JSON.stringify(request)}\n${writtenCase({ ...spec, requests: [request] })}`);
          continue;
        }
        denials += 1;
        add("edits", suggestions.length);
        for (const suggestion of suggestions) {
          const wrong = await faultsOf({ stage, spec, request, mesh, suggestion, seed: seed + denials }, add);
          failures.push(...wrong.map((fault) => `${fault}\n${suggestion.diff}\n${JSON.stringify(request)}`));
        }
        if (denials % 20 === 0) progress(`${denials} denials, ${failures.length} failures`);
      }
    }
  }
  return {
    lines: [
      `${denials} random denials with edits`,
      ...Array.from(counts, ([what, number]) => `${what}: ${number}`),
      `${failures.length} failures`,
    ],
    failures,
  };
};

/** Bytes that no program answers, such as TLS to a port without, cannot be let in by any policy. */
function canPass(spec: Case, request: CaseRequest, mesh: Mesh): boolean {
  const policies = {
    ...mesh.policies,
    authorizationPolicies: [],
    peerAuthentications: mesh.policies.peerAuthentications,
  };
  return askOf(spec, request)({ ...mesh, policies }).kind === "allowed";
}

interface Tried {
  readonly stage: Stage;
  readonly spec: Case;
  readonly request: CaseRequest;
  readonly mesh: Mesh;
  readonly suggestion: Suggestion;
  readonly seed: number;
}

async function faultsOf(tried: Tried, add: (what: string, by?: number) => void): Promise<readonly string[]> {
  const { stage, spec, request, suggestion } = tried;
  const config = suggestion.files[0]?.after ?? "";
  const edited = { ...spec, config };
  const after = meshWith(spec, config);
  if (after === undefined) return ["the edit is not valid"];
  const scene = await enterScene(stage, edited, after, []);
  const observed = await observe(scene, request, undefined);
  const outcome = typeof observed === "string" ? observed : outcomeOf(request, observed.answer);
  const faults = isLetIn.test(outcome) ? [] : [`sent again it is still refused: ${outcome}`];
  add("sent again through sidecars");
  for (const some of properParts(suggestion.parts)) {
    const partly = configWith(spec, some);
    if (partly === undefined) continue;
    add("proper parts tried");
    const wanted = referenceOf({ ...spec, config: partly })(request, { addressOf, token: tokenOf(request) });
    if (wanted !== undefined && isLetIn.test(wanted.outcome))
      faults.push(`a proper part is enough: ${some.map(({ what }) => what).join(" and ") || "nothing at all"}`);
  }
  return [...faults, ...openingFaults(tried, after, add)];
}

/** Where the classes that are said to open differ from what brute force finds. */
function openingFaults(
  { spec, request, mesh, suggestion, seed }: Tried,
  after: Mesh,
  add: (what: string, by?: number) => void,
): readonly string[] {
  const edited = { ...spec, config: suggestion.files[0]?.after ?? "" };
  const snapshots = [mesh, after].map((each) => compile(each, { ready: new Set(each.workloads.map(({ id }) => id)) }));
  const sidesAt = (point: Point): readonly GuardedPort[] =>
    snapshots.flatMap((version) => {
      const snapshot = version.get(idOf(point));
      return snapshot === undefined ? [] : [guardedPort(snapshot, point.port)];
    });
  const origin = originOf(spec, request, after);
  const { below } = createRandom(seed);
  const [before, next] = [judgePoints(spec), judgePoints(edited)];
  const fits = (sample: SampleRequest): boolean => {
    const [side] = sidesAt({ workload: { name: "backend-v1" }, port: 8080, sample });
    // What the mesh's CA gives to nobody is no caller that classes are about.
    const isGiven = sample.peer === undefined || /^spiffe:\/\/[^/]+\/ns\/[^/]+\/sa\/[^/]+$/.test(sample.peer);
    return side !== undefined && isGiven && targetOf(sample.path, side) !== undefined;
  };
  const isWhole = suggestion.opens.cut.length === 0;
  if (!isWhole) add("openings said to be incomplete");
  let opened = 0;
  const points = pointsOf(edited, origin, fits, below, 150);
  for (const point of points) {
    const [was, is] = [before(point), next(point)];
    if (was === "beyond" || is === "beyond") continue;
    const found = was === "deny" && is === "allow";
    if (found) opened += 1;
    const said = isSaid(suggestion.opens, point, sidesAt(point));
    if (said === found || (found && !isWhole)) continue;
    return [`${found ? "opens, but is not said to" : "is said to open, but does not"}: ${JSON.stringify(point)}`];
  }
  add("points of the domain", points.length);
  add("points that open", opened);
  return [];
}

function isSaid({ classes }: Opening, { workload, port, sample }: Point, sides: readonly GuardedPort[]): boolean {
  const seen = sides.map((side) => seenBy(side, sample));
  const id = `${workload.name}.${workload.namespace ?? "default"}`;
  return classes.some(
    ({ layer, places }) =>
      layer === sample.layer && places.some((place) => place.workload === id && place.isAt(port) && place.holds(seen)),
  );
}

function idOf({ workload }: Point): string {
  return `${workload.name}.${workload.namespace ?? "default"}`;
}

/** The refused request as a point of the domain. */
function originOf(spec: Case, request: CaseRequest, after: Mesh): Pick<Point, "port" | "sample"> {
  const reply = askOf(spec, request)(after);
  const facts: RequestFacts | undefined = reply.kind === "allowed" ? reply.asked?.facts : undefined;
  const role = facts?.header("x-role") ?? [];
  const sample: SampleRequest = {
    layer: facts?.layer ?? "http",
    peer: facts?.peer?.uriSans[0],
    sourceIp: facts?.sourceIp ?? "192.0.2.1",
    sni: facts?.sni,
    method: facts?.method() || "GET",
    host: facts?.authority() || "backend",
    path: facts?.path().replace(/[?#].*$/s, "") || "/",
    headers: role.length === 0 ? {} : { "x-role": role },
    token: facts?.claims === undefined ? { kind: "none" } : { kind: "accepted", claims: facts.claims },
  };
  return { port: facts?.destinationPort ?? 8080, sample };
}

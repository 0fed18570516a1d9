import { systemClock } from "../../runtime/core/clock.ts";
import { deliver } from "../../runtime/predict/deliver.ts";
import { dial } from "../../runtime/predict/outbound.ts";
import { createPaperWorld, meshCertificate } from "../../runtime/predict/paper.ts";
import type { CertificateClaim } from "../../runtime/predict/payload.ts";
import { createTrace, type ProxyFacts } from "../../runtime/predict/trace.ts";
import type { PaperWorld } from "../../runtime/predict/world.ts";
import type { Case, ExpectedRequest, LoadedCase } from "./case.ts";
import { compare } from "./compare.ts";
import { type Difference } from "./outcome.ts";
import { withPaperAuthorizer } from "./ext-authz.ts";
import { meshOf } from "./mesh.ts";
import { echoPrograms } from "./program.ts";
import { callOf, lookUp } from "./request.ts";
import { answererOf, compareCounts, labelOf, otherChoices, repeatingWorld, timesOf } from "./repeated.ts";
import { skipCase, skipRequest } from "./skip.ts";
import { strayRequests, withoutStrays } from "./strays.ts";
import { caseKeySets } from "./tokens.ts";

export type RequestResult =
  /** `drawn`: not with the first choice of an endpoint, weight or percentage, but with another that could have been met. */
  | { readonly kind: "passed"; readonly drawn?: boolean; readonly proxies?: readonly ProxyFacts[] }
  | { readonly kind: "failed"; readonly differences: readonly Difference[] }
  | { readonly kind: "skipped"; readonly reason: string };

/** Every request of a case through the engine, by request id; `config` stands for what the documents themselves should do. */
export function runCase(loaded: LoadedCase): ReadonlyMap<string, RequestResult> {
  const spec = loaded.case;
  const results = new Map<string, RequestResult>();
  const made = meshOf(spec, loaded.expected);
  const later = skipCase(loaded, made);
  if (later !== undefined) {
    for (const { id } of spec.requests) results.set(id, { kind: "skipped", reason: later });
    return results;
  }
  const refused = (loaded.expected.config ?? []).filter((document) => document.rejected !== undefined);
  if (refused.length !== made.rejected.length) {
    const wanted = refused.map((document) => `${document.kind} ${document.namespace ?? "default"}/${document.name}`);
    results.set("config", {
      kind: "failed",
      differences: [{ what: "rejected", expected: wanted, actual: made.rejected }],
    });
  }
  const unready = new Set(
    spec.workloads
      .filter((each) => each.notReady === true)
      .map((each) => `${each.name}.${each.namespace ?? "default"}`),
  );
  const ready = new Set(made.mesh.workloads.map((workload) => workload.id).filter((id) => !unready.has(id)));
  const plain = createPaperWorld(
    made.mesh,
    { ready, keySets: caseKeySets() },
    withPaperAuthorizer(echoPrograms(spec.workloads)),
    systemClock,
  );
  const world = { ...withCertificates(plain, spec), askProviders: deliver };
  for (const request of spec.requests) {
    const expected = loaded.expected.requests[request.id];
    const reason = skipRequest(request, expected, made);
    if (reason !== undefined || expected === undefined) {
      results.set(request.id, { kind: "skipped", reason: reason ?? "unstable" });
      continue;
    }
    const { differences, ...passed } = runRequest(world, loaded, request, expected);
    results.set(request.id, differences.length === 0 ? { kind: "passed", ...passed } : { kind: "failed", differences });
  }
  return results;
}

interface Judged {
  readonly differences: readonly Difference[];
  readonly drawn: boolean;
  /** What the proxies told of the first try. */
  readonly proxies?: readonly ProxyFacts[];
}

function runRequest(
  world: PaperWorld,
  loaded: LoadedCase,
  request: Case["requests"][number],
  expected: ExpectedRequest,
): Judged {
  const { mesh } = world;
  const spec = loaded.case;
  const from = mesh.workloads.find((each) => each.name === request.from || each.id === request.from);
  const unlike = (difference: Difference): Judged => ({ differences: [difference], drawn: false });
  if (from === undefined) return unlike({ what: "from", expected: request.from, actual: undefined });
  const { host } = callOf(request, "");
  const address = lookUp(mesh, spec, from, host);
  if (address === undefined) {
    return expected.outcome === "unresolved"
      ? { differences: [], drawn: false }
      : unlike({ what: "address", expected: host, actual: undefined });
  }
  let proxies: readonly ProxyFacts[] | undefined;
  const judge = (repeating: PaperWorld): readonly Difference[] => {
    const samples = Array.from({ length: timesOf(request) }, (_, index) => {
      const call = callOf(request, `${spec.id}~${request.id}~${index + 1}`);
      const trace = createTrace();
      const caller = { address: from.address, proxy: repeating.proxy(from) };
      const answer = dial(repeating, caller, { address, port: call.port }, call.payload, trace);
      return { answer, trace, label: labelOf(request, answer) };
    });
    const counted =
      expected.counts === undefined
        ? []
        : compareCounts(
            expected.counts,
            samples.map((sample) => sample.label),
          );
    // The recording tells one of the requests in full.
    const told = `${expected.outcome}<-${answererOf(expected.client) ?? ""}`;
    const sample = samples.find((each) => each.label === told) ?? samples[0];
    if (sample === undefined) return counted;
    const { answer, trace } = sample;
    proxies ??= trace.proxies;
    const own = withoutStrays(request, expected, strayRequests(spec.requests, loaded.expected), {
      hits: trace.hits.length,
      logs: (name) => trace.proxies.filter((facts) => facts.proxy === name).length,
    });
    return [...counted, ...compare(request, own, answer, trace)];
  };
  const first = judge(repeatingWorld(world, request));
  const pinned = first.length === 0 || timesOf(request) > 1 || expected.counts !== undefined;
  // Where nothing pins a choice the recording shows one draw: any that could have been met is right.
  if (!pinned && otherChoices.some((choice) => judge({ ...world, ...choice }).length === 0)) {
    return { differences: [], drawn: true };
  }
  return { differences: first, drawn: false, ...(proxies === undefined ? {} : { proxies }) };
}

/** The identities that a case gives its proxies, and what certificate files stand for. */
function withCertificates(world: PaperWorld, spec: Case): PaperWorld {
  const given = new Map(spec.workloads.map((each) => [`${each.name}.${each.namespace ?? "default"}`, each.cert]));
  const certificate: PaperWorld["certificate"] = (workload) => {
    const own = meshCertificate(world.mesh, workload);
    const cert = given.get(workload.id);
    if (cert === undefined) return own;
    return cert === "rogue" ? { ...own, issuer: "rogue" } : { ...own, uriSans: [cert] };
  };
  return {
    ...world,
    certificate,
    issuerOf: (file) => caOf(file ?? "system"),
    certificateOf: (file, client): CertificateClaim => {
      const named = /^\w+ cert (.*)$/.exec(file)?.[1];
      return { ...certificate(client), issuer: caOf(file), ...(named === undefined ? {} : { uriSans: [named] }) };
    },
    isRevoked: (list, { uriSans, dnsSans }) => [...uriSans, ...dnsSans].some((name) => list.endsWith(` crl ${name}`)),
  };
}

function caOf(file: string): string {
  if (file.includes("mesh")) return "mesh";
  return file.includes("rogue") ? "rogue" : "public";
}

import { systemClock } from "../../runtime/core/clock.ts";
import { deliver } from "../../runtime/predict/deliver.ts";
import { dial } from "../../runtime/predict/outbound.ts";
import { createPaperWorld } from "../../runtime/predict/paper.ts";
import { createTrace } from "../../runtime/predict/trace.ts";
import type { PaperProxy, PaperWorld } from "../../runtime/predict/world.ts";
import type { Case, CaseRequest } from "../conformance/case.ts";
import { decidedBy, outcomeOf } from "../conformance/outcome.ts";
import { withPaperAuthorizer } from "../conformance/ext-authz.ts";
import { meshOf } from "../conformance/mesh.ts";
import { echoPrograms } from "../conformance/program.ts";
import { callOf, lookUp } from "../conformance/request.ts";
import { caseKeySets } from "../conformance/tokens.ts";
import type { ReferenceOutcome } from "./outcome.ts";

/** What the engine says of the requests of a case; undefined: validation refuses a document of it. `watch` may look over a sidecar's shoulder. */
export function engineOf(
  spec: Case,
  watch: (proxy: PaperProxy) => PaperProxy = (proxy) => proxy,
): ((request: CaseRequest) => ReferenceOutcome) | undefined {
  const { mesh, rejected } = meshOf(spec, { id: spec.id, requests: {} });
  if (rejected.length > 0) return undefined;
  const plain = createPaperWorld(
    mesh,
    { ready: new Set(mesh.workloads.map(({ id }) => id)), keySets: caseKeySets() },
    withPaperAuthorizer(echoPrograms(spec.workloads)),
    systemClock,
  );
  const world: PaperWorld = {
    ...plain,
    askProviders: deliver,
    proxy: (workload) => {
      const proxy = plain.proxy(workload);
      return proxy === undefined ? undefined : watch(proxy);
    },
  };
  return (request) => {
    const from = mesh.workloads.find(({ name }) => name === request.from);
    if (from === undefined) throw new Error(`${request.from} is not in the mesh`);
    const call = callOf(request, `${spec.id}~${request.id}`);
    const address = lookUp(mesh, spec, from, call.host);
    if (address === undefined) return { outcome: "unresolved" };
    const trace = createTrace();
    const caller = { address: from.address, proxy: world.proxy(from) };
    const answer = dial(world, caller, { address, port: call.port }, call.payload, trace);
    return {
      outcome: outcomeOf(request, answer),
      deniedBy: decidedBy(trace, "deny"),
      allowedBy: decidedBy(trace, "allow"),
    };
  };
}

import { parseDocuments } from "../../runtime/config/documents.ts";
import { systemClock } from "../../runtime/core/clock.ts";
import type { Mesh } from "../../runtime/model/mesh.ts";
import { predictionOf } from "../../runtime/predict/call.ts";
import { deliver } from "../../runtime/predict/deliver.ts";
import { dial } from "../../runtime/predict/outbound.ts";
import { createPaperWorld } from "../../runtime/predict/paper.ts";
import { createTrace } from "../../runtime/predict/trace.ts";
import { applyToFiles } from "../../runtime/suggest/apply.ts";
import { type Ask, replyOf } from "../../runtime/suggest/ask.ts";
import type { Part } from "../../runtime/suggest/part.ts";
import { suggestEdits, type Suggested } from "../../runtime/suggest/suggest.ts";
import type { Case, CaseRequest } from "../conformance/case.ts";
import { withPaperAuthorizer } from "../conformance/ext-authz.ts";
import { meshOf } from "../conformance/mesh.ts";
import { echoPrograms } from "../conformance/program.ts";
import { callOf, lookUp } from "../conformance/request.ts";
import { caseKeySets } from "../conformance/tokens.ts";

/** What `suggest` says of a request of a case; its only file is the case's configuration. */
export function suggestOn(spec: Case, mesh: Mesh, request: CaseRequest): Suggested {
  return suggestEdits({
    mesh,
    files: [fileOf(spec)],
    ask: askOf(spec, request),
    load: ([file]) => meshWith(spec, file?.text ?? ""),
  });
}

/** The configuration with some parts of an edit; undefined: not a valid one. */
export function configWith(spec: Case, parts: readonly Part[]): string | undefined {
  if (parts.length === 0) return spec.config;
  const config = applyToFiles([fileOf(spec)], parts)?.[0]?.text;
  return config === undefined || meshWith(spec, config) === undefined ? undefined : config;
}

export function meshWith(spec: Case, config: string): Mesh | undefined {
  const { mesh, rejected } = meshOf({ ...spec, config }, { id: spec.id, requests: {} });
  return rejected.length > 0 || parseDocuments({ path: "", text: config }).broken ? undefined : mesh;
}

function fileOf({ id, config }: Case): { readonly path: string; readonly text: string } {
  return { path: `${id}.yaml`, text: config };
}

/** Asks as a caller of the case would, bytes, certificates and all. */
export function askOf(spec: Case, request: CaseRequest): Ask {
  return (mesh) => {
    const plain = createPaperWorld(
      mesh,
      { ready: new Set(mesh.workloads.map(({ id }) => id)), keySets: caseKeySets() },
      withPaperAuthorizer(echoPrograms(spec.workloads)),
      systemClock,
    );
    const world = { ...plain, askProviders: deliver };
    const from = mesh.workloads.find(({ name }) => name === request.from);
    const call = callOf(request, `${spec.id}~${request.id}`);
    const address = from === undefined ? undefined : lookUp(mesh, spec, from, call.host);
    if (from === undefined || address === undefined)
      throw new Error(`${request.from} or ${call.host} is not in the mesh`);
    const trace = createTrace();
    const caller = { address: from.address, proxy: world.proxy(from) };
    const answer = dial(world, caller, { address, port: call.port }, call.payload, trace);
    return replyOf(mesh, predictionOf(answer, trace));
  };
}

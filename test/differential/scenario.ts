import * as fc from "fast-check";
import { compileInbound } from "../../runtime/compile/inbound.ts";
import type { InboundSection } from "../../runtime/model/snapshot.ts";
import type { Enforced, Filters } from "./bootstrap.ts";
import { notingCase } from "./conditions.ts";
import { jwtAuthnOf } from "./jwt.ts";
import { customRbac, rbacOf } from "./rbac.ts";
import type { Case } from "../conformance/case.ts";
import { meshOf } from "../conformance/mesh.ts";

/** Random policies as our model compiles them for one workload, and as Envoy gets them. */
export interface Scenario {
  readonly spec: Case;
  readonly inbound: InboundSection;
  readonly enforced: Enforced;
}

/** As many scenarios as asked for, the same for the same seed. */
export function scenarios(count: number, seed: number): readonly Scenario[] {
  const found: Scenario[] = [];
  // Now and then validation refuses one, and who knows no policy decides nothing.
  for (const spec of fc.sample(notingCase, { numRuns: count * 2, seed })) {
    if (found.length === count) break;
    const scenario = scenarioOf(spec, found.length);
    if (scenario !== undefined) found.push(scenario);
  }
  return found;
}

function scenarioOf(spec: Case, number: number): Scenario | undefined {
  const { mesh, rejected } = meshOf(spec, { id: spec.id, requests: {} });
  const workload = mesh.workloads.find(({ name }) => name === "backend-v1");
  if (rejected.length > 0 || workload === undefined) return undefined;
  const inbound = compileInbound(mesh, workload);
  if (inbound.http.policies.length === 0) return undefined;
  const layer = (set: InboundSection["http"]): Filters => ({
    custom: Object.fromEntries((set.custom ?? []).map((stage) => [stage.name, customRbac(set, stage)])),
    audit: rbacOf(set, "AUDIT"),
    deny: rbacOf(set, "DENY"),
    allow: rbacOf(set, "ALLOW"),
  });
  return {
    spec,
    inbound,
    enforced: {
      normalization: mesh.config.pathNormalization,
      jwt: jwtAuthnOf(inbound.jwt, String(number)),
      http: layer(inbound.http),
      tcp: layer(inbound.tcp),
    },
  };
}

import { unenforced } from "../../runtime/config/enforcement.ts";
import type { LoadedCase, CaseRequest, ExpectedRequest } from "./case.ts";
import type { CaseMesh } from "./mesh.ts";

const laterKinds: Readonly<Record<string, string>> = {
  ServiceEntry: "ServiceEntry",
  WorkloadEntry: "ServiceEntry",
  Gateway: "gateway",
  HTTPRoute: "Gateway API",
  GRPCRoute: "Gateway API",
  TLSRoute: "Gateway API",
  TCPRoute: "Gateway API",
  EnvoyFilter: "EnvoyFilter",
  Telemetry: "Telemetry",
  ProxyConfig: "ProxyConfig",
};

const knownFeatures: readonly string[] = ["PILOT_HTTP10", "PILOT_ENABLE_MULTIPLE_CUSTOM_AUTHZ_PROVIDERS"];

/** Why a whole case belongs to later work; undefined: it is run. */
export function skipCase(loaded: LoadedCase, { mesh }: CaseMesh): string | undefined {
  const spec = loaded.case;
  // What we wrote ourselves is about what is there.
  if (Object.values(loaded.expected.requests).some(({ own }) => own !== undefined)) return undefined;
  if (mesh.policies.sidecars.some((sidecar) => "egress" in sidecar.spec || "outboundTrafficPolicy" in sidecar.spec))
    return "Sidecar egress";
  for (const resource of mesh.others) {
    const reason = laterKinds[resource.kind];
    if (reason !== undefined) return reason;
  }
  if (spec.workloads.some((workload) => workload.gateway !== undefined)) return "gateway";
  if (spec.workloads.some((workload) => workload.external === true)) return "outside of the mesh";
  if (Object.keys(spec.features).some((name) => !knownFeatures.includes(name))) return "istiod features";
  return undefined;
}

/** Why one request belongs to later work. */
export function skipRequest(
  request: CaseRequest,
  expected: ExpectedRequest | undefined,
  made: CaseMesh,
): string | undefined {
  if (expected === undefined) return "unstable";
  // What chooses in such a case is a rule that has no effect here; what is said of retries chooses nothing before one fails.
  const repeated = request.repeat !== undefined || request.parallel !== undefined || expected.counts !== undefined;
  const rules = [...made.mesh.policies.destinationRules, ...made.mesh.policies.virtualServices];
  const choosing = unenforced(rules).filter(({ field }) => field?.includes(".retries.") !== true);
  if (repeated && choosing.length > 0) return "repeated requests under rules that are not enforced";
  return undefined;
}

import type { Code } from "../core/codes.ts";
import { findCredential, isPublicCredential } from "../model/credential.ts";
import type { ClientTlsSettings, DestinationRule, TrafficPolicy } from "../model/istio-networking.ts";
import type { Mesh, Workload } from "../model/mesh.ts";
import type { Resource } from "../model/resource.ts";

type Report = (code: Code, resource: Resource, field: string, message: string, hint?: string) => void;

/** Rules whose `credentialName` gives some sidecar nothing: its connections fail, or go out in plaintext, in a cluster too (spec CT-11). */
export function checkCredentials(mesh: Mesh, report: Report): void {
  for (const rule of mesh.policies.destinationRules) {
    for (const [path, tls] of tlsBlocks(rule)) {
      const name = tls.credentialName ?? "";
      if (name === "" || (tls.mode !== "SIMPLE" && tls.mode !== "MUTUAL")) continue;
      const field = `${path}.credentialName`;
      if (rule.spec.workloadSelector === undefined && !isPublicCredential(name)) {
        const message =
          "credentialName counts only in a rule with a workloadSelector: what it is for goes out in plaintext";
        report("MD2021", rule, field, message, "add spec.workloadSelector, or name files");
        continue;
      }
      const wish = { name, mutual: tls.mode === "MUTUAL", verifies: tls.insecureSkipVerify !== true };
      const faults = new Set(
        clientsOf(mesh, rule).flatMap((client) => {
          const found = findCredential(mesh.credentials, client, wish);
          return "fault" in found ? [found.fault] : [];
        }),
      );
      for (const fault of faults) report("MD2021", rule, field, `${fault}: its connections fail`, hintFor(fault));
    }
  }
}

function hintFor(fault: string): string {
  return fault.endsWith("may not list Secrets")
    ? "bind a Role with `resources: [secrets], verbs: [list]` to it, as in the cluster"
    : "put the object among the mesh's files; its keys are cert, key, cacert or tls.crt, tls.key, ca.crt";
}

function clientsOf(mesh: Mesh, { namespace, spec }: DestinationRule): readonly Workload[] {
  const labels = Object.entries(spec.workloadSelector?.matchLabels ?? {});
  return mesh.workloads.filter(
    (workload) =>
      workload.sidecar &&
      (spec.workloadSelector === undefined ||
        (workload.namespace === namespace && labels.every(([key, value]) => workload.labels[key] === value))),
  );
}

/** Every `tls` of a rule with its path. */
function tlsBlocks({ spec }: DestinationRule): readonly (readonly [path: string, tls: ClientTlsSettings])[] {
  const policies: readonly (readonly [string, TrafficPolicy | undefined])[] = [
    ["spec.trafficPolicy", spec.trafficPolicy],
    ...(spec.subsets ?? []).map((subset, at) => [`spec.subsets[${at}].trafficPolicy`, subset.trafficPolicy] as const),
  ];
  return policies.flatMap(([path, policy]) => [
    ...(policy?.tls === undefined ? [] : [[`${path}.tls`, policy.tls] as const]),
    ...(policy?.portLevelSettings ?? []).flatMap(({ tls }, at) =>
      tls === undefined ? [] : [[`${path}.portLevelSettings[${at}].tls`, tls] as const],
    ),
  ]);
}

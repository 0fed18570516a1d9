import { hasSelector, kindOf, namespaceOf, part, selects, textOf } from "./document.ts";
import type { ReferenceMesh, ReferenceWorkload } from "./situation.ts";

/** The mode in which one workload port takes connections (spec PA-1…PA-6). */
export function mtlsMode(mesh: ReferenceMesh, workload: ReferenceWorkload, port: number): string {
  const own = workloadPolicy(mesh, workload);
  const entry = textOf(part(own, "spec", "portLevelMtls", String(port), "mode"), "UNSET");
  if (entry !== "UNSET") return entry;
  const said = textOf(part(own, "spec", "mtls", "mode"), "UNSET");
  return said === "UNSET" ? serviceMode(mesh, workload.namespace) : said;
}

/** What clients go by: the levels of the mesh and of the namespace only (spec CT-13). */
export function serviceMode(mesh: ReferenceMesh, namespace: string): string {
  const wide = (where: string): string => {
    const policy = peerAuthentications(mesh, where).find((each) => !hasSelector(each));
    return textOf(part(policy, "spec", "mtls", "mode"), "UNSET");
  };
  const found = [wide(namespace), wide(mesh.rootNamespace)].find((mode) => mode !== "UNSET");
  return found ?? "PERMISSIVE";
}

/** Workload ports that the winning workload policy names (spec PA-7). */
export function workloadPolicy(mesh: ReferenceMesh, workload: ReferenceWorkload): unknown {
  if (workload.namespace === mesh.rootNamespace) return undefined;
  return peerAuthentications(mesh, workload.namespace).find(
    (each) => hasSelector(each) && selects(each, workload.labels),
  );
}

/** Oldest first: the documents are in the order of age (spec PA-3). */
function peerAuthentications(mesh: ReferenceMesh, namespace: string): readonly unknown[] {
  return mesh.documents.filter((each) => kindOf(each) === "PeerAuthentication" && namespaceOf(each) === namespace);
}

import type { MtlsMode, PeerAuthentication } from "../model/istio-security.ts";
import { provenance, type Labels, type Provenance } from "../model/resource.ts";
import type { EffectiveMtlsMode } from "../model/snapshot.ts";
import { isSelected } from "./selector.ts";

/** The PeerAuthentications that count for one workload, at most one per level (spec PA-2, PA-3). */
export interface PeerAuthenticationLevels {
  readonly mesh: PeerAuthentication | undefined;
  readonly namespace: PeerAuthentication | undefined;
  readonly workload: PeerAuthentication | undefined;
}

export interface ModeResult {
  readonly mode: EffectiveMtlsMode;
  /** The field that set it; empty when nothing is configured. */
  readonly because: readonly Provenance[];
}

/** `inRoot` and `inNamespace`: PeerAuthentications of the two namespaces, oldest first. */
export function selectLevels(
  inRoot: readonly PeerAuthentication[],
  inNamespace: readonly PeerAuthentication[],
  workload: { readonly namespace: string; readonly labels: Labels },
  rootNamespace: string,
): PeerAuthenticationLevels {
  const isRoot = workload.namespace === rootNamespace;
  return {
    mesh: inRoot.find(isUnselective),
    namespace: isRoot ? undefined : inNamespace.find(isUnselective),
    workload: isRoot
      ? undefined
      : inNamespace.find(
          (policy) => !isUnselective(policy) && isSelected(policy.spec.selector?.matchLabels, workload.labels),
        ),
  };
}

/** Mode of a whole workload: mesh, then namespace, then workload, each only where it says something (spec PA-4). */
export function workloadMode(levels: PeerAuthenticationLevels): ModeResult {
  let result: ModeResult = { mode: "PERMISSIVE", because: [] };
  for (const policy of [levels.mesh, levels.namespace, levels.workload]) {
    const mode = definite(policy?.spec.mtls?.mode);
    if (policy !== undefined && mode !== undefined) result = { mode, because: [provenance(policy, "spec.mtls.mode")] };
  }
  return result;
}

/** Mode of one workload port; port levels are read from the workload's own policy only (spec PA-5, PA-6). */
export function portMode(levels: PeerAuthenticationLevels, port: number): ModeResult {
  const policy = levels.workload;
  const mode = definite(policy?.spec.portLevelMtls?.[String(port)]?.mode);
  if (policy === undefined || mode === undefined) return workloadMode(levels);
  return { mode, because: [provenance(policy, `spec.portLevelMtls.${port}.mode`)] };
}

/** Ports that the workload's own policy names, in ascending order (spec PA-7). */
export function namedPorts(levels: PeerAuthenticationLevels): readonly number[] {
  return Object.keys(levels.workload?.spec.portLevelMtls ?? {})
    .map(Number)
    .filter((port) => Number.isInteger(port) && port > 0)
    .toSorted((a, b) => a - b);
}

function isUnselective(policy: PeerAuthentication): boolean {
  return Object.keys(policy.spec.selector?.matchLabels ?? {}).length === 0;
}

function definite(mode: MtlsMode | undefined): EffectiveMtlsMode | undefined {
  return mode === undefined || mode === "UNSET" ? undefined : mode;
}

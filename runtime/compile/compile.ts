import { spiffeId } from "../model/identity.ts";
import type { Mesh, Workload, World } from "../model/mesh.ts";
import type { ProxyId, ProxySnapshot } from "../model/snapshot.ts";
import { hashOf, isSame } from "./hash.ts";
import { bindInbound } from "./inbound.ts";
import { indexMesh } from "./mesh-index.ts";
import { compileOutbound } from "./outbound.ts";
import { compileTrust } from "./trust.ts";

/** What every sidecar has to obey. A snapshot that says what `previous` said is the same object; so is each unchanged section. */
export function compile(
  mesh: Mesh,
  world: World,
  previous?: ReadonlyMap<ProxyId, ProxySnapshot>,
): ReadonlyMap<ProxyId, ProxySnapshot> {
  const inboundOf = bindInbound(mesh, world);
  const trust = compileTrust(mesh);
  const index = indexMesh(mesh, world);
  const compare = createComparison();
  const snapshots = new Map<ProxyId, ProxySnapshot>();
  for (const workload of mesh.workloads) {
    if (!workload.sidecar) continue;
    const sections = { trust, inbound: inboundOf(workload), outbound: compileOutbound(index, workload) };
    snapshots.set(workload.id, keep(describe(mesh, workload), sections, previous?.get(workload.id), compare));
  }
  return snapshots;
}

type Head = Pick<ProxySnapshot, "proxy" | "workload" | "identity">;
type Sections = Pick<ProxySnapshot, "trust" | "inbound" | "outbound">;

function describe(mesh: Mesh, workload: Workload): Head {
  const { id, name, namespace, address, serviceAccount } = workload;
  const trustDomain = workload.trustDomain ?? mesh.config.trustDomain;
  return {
    proxy: id,
    workload: { name, namespace, address },
    identity: spiffeId({ trustDomain, namespace, serviceAccount }),
  };
}

function keep(head: Head, sections: Sections, before: ProxySnapshot | undefined, compare: Comparison): ProxySnapshot {
  const trust = compare(sections.trust, before?.trust, before?.hashes.trust);
  const inbound = compare(sections.inbound, before?.inbound, before?.hashes.inbound);
  const outbound = compare(sections.outbound, before?.outbound, before?.hashes.outbound);
  const kept = before !== undefined && [trust, inbound, outbound].every((each) => each.kept);
  if (kept && before.identity === head.identity && isSame(before.workload, head.workload)) return before;
  return {
    ...head,
    trust: trust.value,
    inbound: inbound.value,
    outbound: outbound.value,
    hashes: { trust: trust.hash, inbound: inbound.hash, outbound: outbound.hash },
  };
}

type Comparison = <T extends object>(
  value: T,
  before: T | undefined,
  hash: string | undefined,
) => { readonly value: T; readonly hash: string; readonly kept: boolean };

/** Sections are shared between sidecars: what was found out about a pair of objects is remembered for one compile. */
function createComparison(): Comparison {
  const hashes = new Map<object, string>();
  const equal = new Map<object, Map<object, boolean>>();
  const same = (value: object, before: object): boolean => {
    const results = equal.get(value) ?? new Map<object, boolean>();
    equal.set(value, results);
    const known = results.get(before) ?? isSame(value, before);
    results.set(before, known);
    return known;
  };
  return (value, before, hash) => {
    if (before !== undefined && hash !== undefined && same(value, before)) return { value: before, hash, kept: true };
    const computed = hashes.get(value) ?? hashOf(value);
    hashes.set(value, computed);
    return { value, hash: computed, kept: false };
  };
}

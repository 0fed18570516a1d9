import type { Clock } from "./core/clock.ts";
import { createKeySets, type KeySets } from "./control/key-sets.ts";
import type { MeshLoop } from "./control/mesh-loop.ts";
import { createTextFetcher } from "./host/fetch-text.ts";
import { buildHookConfig, type HookPlace } from "./host/hook-config.ts";
import type { Mesh } from "./model/mesh.ts";

export interface MeshKeysOptions {
  readonly clock: Clock;
  readonly place: HookPlace;
  readonly first: Mesh;
  readonly loop: () => MeshLoop;
  readonly ready: () => ReadonlySet<string>;
}

/** Keys of tokens, fetched as istiod does it: by a caller of the root namespace without a sidecar. */
export function keepMeshKeys({ clock, place, first, loop, ready }: MeshKeysOptions): KeySets {
  const { rootNamespace } = first.config;
  const istiod = { id: "istiod", namespace: rootNamespace, sidecar: false, address: "10.244.0.0", ports: [] };
  return createKeySets({
    clock,
    fetchText: createTextFetcher(() => buildHookConfig(loop().mesh() ?? first, { ready: ready() }, istiod, place)),
    onKeys: (keySets) => {
      loop().setKeySets(keySets);
    },
    onProblems: (problems) => {
      loop().setProblems("keys", problems);
    },
  });
}

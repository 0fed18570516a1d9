import type { Env } from "./ground.ts";
import type { Clock } from "./core/clock.ts";
import { createKeySets, type KeySets } from "./control/key-sets.ts";
import type { MeshLoop } from "./control/mesh-loop.ts";
import { createTextFetcher } from "./host/fetch-text.ts";
import { buildHookConfig, type HookPlace } from "./host/hook-config.ts";
import { issuerFolder, issuerKey } from "./host/issuer-store.ts";
import { issuerDocument } from "./identity/issuer.ts";
import { devIssuer, isDevIssuer } from "./model/issuer.ts";
import type { Mesh } from "./model/mesh.ts";

export interface MeshKeysOptions {
  readonly clock: Clock;
  /** Folder of the project. */
  readonly directory: string;
  readonly env: Env;
  readonly place: HookPlace;
  /** How sidecars in a network of their own are reached; undefined: they are in ours. */
  readonly reach: Parameters<typeof createTextFetcher>[1];
  readonly first: Mesh;
  readonly loop: () => MeshLoop;
  readonly ready: () => ReadonlySet<string>;
}

/** Keys of tokens, fetched as istiod does it: by a caller of the root namespace without a sidecar. */
export function keepMeshKeys({ clock, directory, env, place, reach, first, loop, ready }: MeshKeysOptions): KeySets {
  const { rootNamespace } = first.config;
  const istiod = { id: "istiod", namespace: rootNamespace, sidecar: false, address: "10.244.0.0", ports: [] };
  const fetchText = createTextFetcher(
    () => buildHookConfig(loop().mesh() ?? first, { ready: ready() }, istiod, place),
    reach,
  );
  return createKeySets({
    clock,
    fetchText: withOwnIssuer(issuerFolder(directory, env), fetchText),
    onKeys: (keySets) => {
      loop().setKeySets(keySets);
    },
    onProblems: (problems) => {
      loop().setProblems("keys", problems);
    },
  });
}

type FetchText = (url: string, timeoutMs: number) => Promise<string>;

/** The keys of our own issuer are at hand, also while its program still starts. */
export function withOwnIssuer(folder: string, fetchText: FetchText): FetchText {
  return async (url, timeoutMs) => {
    if (!isDevIssuer(url)) return fetchText(url, timeoutMs);
    const { pathname } = new URL(url);
    const document = issuerDocument(pathname, issuerKey(folder));
    if (document === undefined) throw new Error(`nothing is at ${pathname}; the keys are at ${devIssuer.keysPath}`);
    return document;
  };
}

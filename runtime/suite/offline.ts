import type { Clock } from "../core/clock.ts";
import { compile } from "../compile/compile.ts";
import { sortResources } from "../config/policies.ts";
import { devIssuer } from "../model/issuer.ts";
import type { Mesh, World } from "../model/mesh.ts";
import { resourceName, type Resource } from "../model/resource.ts";
import type { ProxyId, ProxySnapshot } from "../model/snapshot.ts";
import { bindPrediction, type PredictedCall, type Prediction } from "../predict/call.ts";
import { carryToken, jwtRules, withOneKeySet } from "../predict/token-call.ts";
import type { Given, TestCase } from "./case.ts";

/** What cases are asked of, apart from the mesh itself. */
export interface Surroundings {
  readonly clock: Pick<Clock, "now">;
  readonly keySets: NonNullable<World["keySets"]>;
  /** Documents of the files that cases add, by path. */
  readonly added: ReadonlyMap<string, readonly Resource[]>;
  /** Texts of token files, by path. */
  readonly tokens: ReadonlyMap<string, string>;
  /** Signs tokens that are only supposed. */
  readonly signer: Signer;
}

export interface Signer {
  /** JWK set. */
  readonly keySet: () => string;
  readonly sign: (claims: Readonly<Record<string, unknown>>) => string;
}

/** Asks the engine about cases; each world that they suppose is compiled once. @throws MeshError MD8005 */
export function bindCases(
  mesh: Mesh,
  surroundings: Surroundings,
  compileWorld: CompileWorld = (asked, world) => compile(asked, world),
): (test: TestCase) => Prediction {
  const worlds = new Map<string, { readonly mesh: Mesh; readonly ask: ReturnType<typeof bindPrediction> }>();
  const { clock, keySets, added, tokens, signer } = surroundings;

  const worldOf = (given: Given, supposed: boolean): { readonly mesh: Mesh; readonly ask: Ask } => {
    const key = JSON.stringify([given, supposed]);
    const known = worlds.get(key);
    if (known !== undefined) return known;
    const changed = withResources(
      mesh,
      given.policies.flatMap((path) => added.get(path) ?? []),
    );
    const asked = supposed ? withOneKeySet(changed, signer.keySet()) : changed;
    const authorizers = new Map(Object.entries(given.authorizers));
    const everybody = { ready: new Set(asked.workloads.map(({ id }) => id)), keySets };
    const snapshots = compileWorld(asked, everybody, JSON.stringify([given.policies, supposed]));
    const world = { mesh: asked, ask: bindPrediction(asked, clock, { keySets, authorizers, snapshots }) };
    worlds.set(key, world);
    return world;
  };

  return ({ call, given, token }) => {
    const world = worldOf(given, token?.kind === "claims");
    if (token === undefined) return world.ask(call);
    const text =
      token.kind === "file" ? (tokens.get(token.path) ?? "") : signer.sign(claimsOf(world.mesh, token.claims));
    return world.ask(carryToken(world.mesh, call, text));
  };
}

/** `variant`: equal for equal changes that cases suppose. */
export type CompileWorld = (mesh: Mesh, world: World, variant: string) => ReadonlyMap<ProxyId, ProxySnapshot>;

type Ask = (call: PredictedCall) => Prediction;

/** A token says who issued it: by default whom the first rule takes. */
export function claimsOf(mesh: Mesh, claims: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const iss = jwtRules(mesh).find((rule) => (rule.issuer ?? "") !== "")?.issuer ?? devIssuer.url;
  return { iss, sub: "dev", ...claims };
}

/** The mesh with further documents; one of a known kind and name takes the place of the other. */
export function withResources(mesh: Mesh, added: readonly Resource[]): Mesh {
  if (added.length === 0) return mesh;
  const replaced = new Set(added.map(resourceName));
  const kept = [...Object.values(mesh.policies).flat(), ...mesh.others].filter(
    (resource: Resource) => !replaced.has(resourceName(resource)),
  );
  return { ...mesh, ...sortResources([...kept, ...added]) };
}

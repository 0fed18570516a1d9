import { compile } from "../compile/compile.ts";
import type { SourcePosition } from "../core/source.ts";
import type { Mesh } from "../model/mesh.ts";
import type { ProxyId, ProxySnapshot } from "../model/snapshot.ts";
import { caseText, exampleCase } from "./example-case.ts";
import { compareSnapshots, type Example } from "./equivalent.ts";
import { type Mutant, mutantsOf } from "./mutants.ts";
import { bindCases, type Surroundings } from "./offline.ts";
import { recompile } from "./recompile.ts";
import { type AskedCase, askCase } from "./run.ts";

/** What tests make of policies that are wrong in one place. */
export interface MutationReport {
  readonly mutants: number;
  /** Some case fails on them. */
  readonly killed: number;
  /** No case does, although a request would be decided in another way. */
  readonly survived: readonly Survivor[];
  /** No request is decided in another way. */
  readonly equivalent: number;
  /** Only requests are that nobody in this mesh can send. */
  readonly unreachable: number;
}

export interface Survivor {
  readonly resource: string;
  readonly at: SourcePosition;
  readonly field: string;
  /** `drop the clause to.operation.methods [GET]` */
  readonly change: string;
  /** A case that would see it, as a line for a test file; null: none was found. */
  readonly example: string | null;
}

type Snapshots = ReadonlyMap<ProxyId, ProxySnapshot>;

/** Runs the cases again on every mutant of the policies. `asked`: as they passed on the policies themselves. */
export function mutate(mesh: Mesh, surroundings: Surroundings, asked: readonly AskedCase[]): MutationReport {
  const variants = new Map<string, Snapshots>();
  const passed = asked.filter(({ failures }) => failures.length === 0);
  const askBase = bindCases(mesh, surroundings, (variant, world, name) => {
    const snapshots = compile(variant, world);
    variants.set(name, snapshots);
    return snapshots;
  });
  for (const { test } of passed) askBase(test);
  const everybody = { ready: new Set(mesh.workloads.map(({ id }) => id)), keySets: surroundings.keySets };
  const plain = compile(mesh, everybody);

  const mutants = mutantsOf(mesh);
  const survived: Survivor[] = [];
  const counts = { killed: 0, same: 0, "no-caller": 0 };
  for (const mutant of mutants) {
    const touched = recompile(mutant, mutant.mesh, everybody, plain);
    const changed = new Set([...touched].filter(([id, snapshot]) => plain.get(id) !== snapshot).map(([id]) => id));
    if (isKilled(mutant, touched, changed)) {
      counts.killed += 1;
      continue;
    }
    const comparison = compareSnapshots(mesh, plain, touched);
    if (comparison.kind !== "differ") {
      counts[comparison.kind] += 1;
      continue;
    }
    const { resource, at, field, change } = mutant;
    survived.push({ resource, at, field, change, example: exampleFor(mutant, touched, comparison.example) });
  }
  const { killed, same, "no-caller": unreachable } = counts;
  return { mutants: mutants.length, killed, survived, equivalent: same, unreachable };

  function bindMutant(mutant: Mutant, compiled: Snapshots): ReturnType<typeof bindCases> {
    return bindCases(mutant.mesh, surroundings, (variant, world, name) =>
      variant === mutant.mesh
        ? compiled
        : recompile(mutant, variant, world, variants.get(name) ?? compile(variant, world)),
    );
  }

  /** Only what was tried: it passes now, and fails on the mutant. */
  function exampleFor(mutant: Mutant, compiled: Snapshots, example: Example | undefined): string | null {
    const test = example === undefined ? undefined : exampleCase(mesh, example);
    if (test === undefined) return null;
    const passes = askCase(test, askBase).failures.length === 0;
    return passes && askCase(test, bindMutant(mutant, compiled)).failures.length > 0 ? caseText(test) : null;
  }

  function isKilled(mutant: Mutant, compiled: Snapshots, changed: ReadonlySet<ProxyId>): boolean {
    const ask = bindMutant(mutant, compiled);
    // Policies are only asked where sidecars tell of it; of a handshake that fails the server's may say nothing.
    const isDecision = mutant.before.kind === "AuthorizationPolicy";
    return passed.some(
      ({ test, touched }) =>
        (!isDecision || touched.some((id) => changed.has(id))) && askCase(test, ask).failures.length > 0,
    );
  }
}

import { sortProblems, type Problem } from "../core/problem.ts";
import type { SourceFile } from "../core/source.ts";
import { describeChanges } from "../config/changes.ts";
import { describeDifferences } from "../config/differences.ts";
import { namedFiles, type NamedFiles, type ProjectPaths } from "../config/project-paths.ts";
import { meshPaths } from "../config/kubernetes/project.ts";
import type { IssuerProgram } from "../model/issuer.ts";
import type { Mesh, Workload } from "../model/mesh.ts";
import { loadDraft } from "./draft.ts";
import type { EventHub } from "./event-hub.ts";
import type { GenerationReport } from "./generations.ts";
import { envFilesOf, loadMesh, type Loaded } from "./load.ts";
import type { Plane, PlaneInput } from "./plane.ts";
import { findWorkloads, leaseWorkload, selectWorkloads } from "./selection.ts";
import { viewMesh } from "./view.ts";

/** Where a problem comes from; each source replaces its own list as a whole. */
export type ProblemSource =
  | "files"
  | "programs"
  | "proxies"
  | "data plane"
  | "listeners"
  | "machine"
  | "capture"
  | "keys"
  | "writers"
  | "sources"
  | "ca";

type Snapshots = ReturnType<Plane["snapshots"]>;

export interface MeshLoopOptions {
  readonly directory: string;
  readonly paths: ProjectPaths;
  readonly env: Readonly<Record<string, string>>;
  readonly issuer: IssuerProgram;
  /** Keys of the services to run; empty: all. */
  readonly services: readonly string[];
  readonly noDeps: boolean;
  readonly hub: EventHub;
  readonly plane: Plane;
  /** The workloads that shall run, after every change of the mesh. */
  readonly onActive: (workloads: readonly Workload[], loaded: Loaded) => void;
  /** A generation was pushed: what sidecars obeyed until then, and what from now on. */
  readonly onSaved: (generation: number, before: Snapshots, after: Snapshots) => void;
  /** Called before programs learn of it: where callers find each other changed. */
  readonly onWorld: (mesh: Mesh, ready: ReadonlySet<string>) => void;
}

/** What was read, and what that found. */
interface Reading {
  readonly files: readonly SourceFile[];
  readonly problems: readonly Problem[];
}

export type Draft =
  | { readonly ok: true; readonly snapshots: Snapshots }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** Owns what the mesh is now: files, who runs, who is ready, who borrowed an identity. Every change of it passes here. */
export interface MeshLoop {
  readonly start: (loaded: Loaded, read: Reading) => void;
  /** The files as they are now; `since` is when the change was seen (monotonic ms). */
  readonly reload: (change: Reading & { readonly since: number }) => void;
  /** What sidecars would obey if these files were saved over the others; nothing changes. */
  readonly draft: (files: readonly SourceFile[], problems: readonly Problem[]) => Draft;
  readonly setReady: (ready: ReadonlySet<string>) => void;
  readonly setProblems: (source: ProblemSource, problems: readonly Problem[]) => void;
  readonly report: (report: GenerationReport) => void;
  /** A program listens on TCP although its port has a socket file. */
  readonly setInTheOpen: (ports: ReadonlyMap<string, ReadonlySet<number>>) => void;
  /** JWK sets that were fetched, by URL. */
  readonly setKeySets: (keySets: ReadonlyMap<string, string>) => void;
  /** Runs as many instances of a service as asked for, from now on; false: there is none. */
  readonly scale: (service: string, instances: number) => boolean;
  /** Makes a service whose profiles are not active part of the mesh, if there is one of this key. */
  readonly summon: (service: string) => void;
  /** Makes a service one of those that shall run. */
  readonly activate: (service: string) => void;
  readonly lease: (service: string) => Workload | undefined;
  readonly release: (lease: string) => boolean;
  readonly mesh: () => Mesh | undefined;
  readonly loaded: () => Loaded | undefined;
  /** What is read of the disk: mesh folders, and the project's own files. */
  readonly wanted: () => { readonly mesh: readonly string[]; readonly named: NamedFiles };
}

export function createMeshLoop(options: MeshLoopOptions): MeshLoop {
  const { hub, plane } = options;
  const problems = new Map<ProblemSource, readonly Problem[]>();
  const wanted = new Set(options.services);
  const named = new Set(options.services);
  const scales = new Map<string, number>();
  let loaded: Loaded | undefined;
  let reading: Reading = { files: [], problems: [] };
  let generation = 0;
  let active: ReadonlySet<string> = new Set();
  let ready: ReadonlySet<string> = new Set();
  let inTheOpen: ReadonlyMap<string, ReadonlySet<number>> = new Map();
  let keySets: ReadonlyMap<string, string> = new Map();
  let leases: readonly Workload[] = [];
  let leaseCount = 0;

  const allProblems = (): readonly Problem[] => sortProblems([...problems.values()].flat());

  function inputFor(mesh: Mesh): PlaneInput {
    return { mesh, active, ready: new Set(ready.values().filter((id) => active.has(id))), leases, inTheOpen, keySets };
  }

  function activeWorkloads(mesh: Mesh): readonly Workload[] {
    return mesh.workloads.filter((workload) => active.has(workload.id));
  }

  /** Pushes the world as it is now under the generation that is current. */
  function refresh(): void {
    if (loaded === undefined) return;
    plane.update(inputFor(loaded.mesh));
    options.onWorld(loaded.mesh, ready);
  }

  function goLive(next: Loaded, changes: readonly string[], input: PlaneInput, since: number | undefined): void {
    const before = loaded?.mesh;
    const obeyed = plane.snapshots();
    loaded = next;
    generation++;
    // The push comes first: everything after it may take its time.
    plane.update(input, { number: generation, since });
    hub.tell({
      type: "mesh.loaded",
      generation,
      changes,
      differences: describeDifferences(before, next.mesh),
      problems: allProblems(),
      view: viewMesh(next.mesh, plane.snapshots(), next.missing),
    });
    options.onWorld(next.mesh, ready);
    options.onActive(activeWorkloads(next.mesh), next);
    options.onSaved(generation, obeyed, plane.snapshots());
  }

  function reload({ files, problems: found }: Reading, since: number | undefined): void {
    const { directory, paths, env, issuer } = options;
    reading = { files, problems: found };
    const result = loadMesh(loaded, { directory, paths, files, env, issuer, scales, named, problems: found });
    const before = JSON.stringify(problems.get("files"));
    if (result.kind === "rejected") {
      problems.set("files", result.problems);
      if (before !== JSON.stringify(result.problems)) hub.tell({ type: "mesh.rejected", problems: allProblems() });
      return;
    }
    const next = result.loaded;
    const told = [...next.problems, ...next.advice];
    problems.set("files", told);
    active = selectWorkloads(next.mesh, [...wanted], options.noDeps);
    const input = inputFor(next.mesh);
    const changes = describeChanges(loaded?.mesh, next.mesh);
    if (changes.length > 0 || plane.differs(input)) {
      goLive(next, changes, input, since);
      return;
    }
    loaded = next;
    if (before === JSON.stringify(told)) return;
    hub.tell({ type: result.complete ? "problems.changed" : "mesh.rejected", problems: allProblems() });
  }

  return {
    start: (first, read) => {
      reading = read;
      active = selectWorkloads(first.mesh, [...wanted], options.noDeps);
      problems.set("files", [...first.problems, ...first.advice]);
      goLive(first, describeChanges(undefined, first.mesh), inputFor(first.mesh), undefined);
    },
    reload: (change) => {
      reload(change, change.since);
    },
    draft: (files, found) => {
      if (loaded === undefined) return { ok: false, problems: [] };
      const { directory, paths, env, issuer } = options;
      const result = loadDraft(loaded, { directory, paths, env, issuer, scales, named, problems: found }, files);
      if (!result.ok) return result;
      return { ok: true, snapshots: plane.preview(inputFor(result.mesh)) };
    },
    setReady: (next) => {
      ready = next;
      refresh();
    },
    setProblems: (source, list) => {
      if (JSON.stringify(problems.get(source) ?? []) === JSON.stringify(list)) return;
      problems.set(source, list);
      if (generation > 0) hub.tell({ type: "problems.changed", problems: allProblems() });
    },
    report: (report) => {
      const { live, total, waiting, ms } = report;
      hub.tell({
        type: "snapshot.applied",
        generation: report.generation,
        live,
        total,
        ms: ms === null ? null : Math.round(ms * 10) / 10,
        waiting,
      });
      problems.set(
        "proxies",
        waiting.map((proxy) => notApplied(proxy, report)),
      );
      if (JSON.stringify(hub.state().problems) !== JSON.stringify(allProblems()))
        hub.tell({ type: "problems.changed", problems: allProblems() });
    },
    setInTheOpen: (ports) => {
      inTheOpen = ports;
      refresh();
    },
    setKeySets: (next) => {
      keySets = next;
      refresh();
    },
    scale: (service, instances) => {
      const { services = [], variants = [] } = loaded?.project ?? {};
      if (![...services, ...variants].some(({ key }) => key === service)) return false;
      scales.set(service, instances);
      reload(reading, undefined);
      return true;
    },
    summon: (service) => {
      const { services = [], variants = [] } = loaded?.project ?? {};
      const isSleeping = loaded !== undefined && findWorkloads(loaded.mesh, service).length === 0;
      if (!isSleeping || ![...services, ...variants].some(({ key }) => key === service)) return;
      named.add(service);
      reload(reading, undefined);
    },
    activate: (service) => {
      if (loaded === undefined || wanted.size === 0) return;
      wanted.add(service);
      active = selectWorkloads(loaded.mesh, [...wanted], options.noDeps);
      refresh();
      options.onActive(activeWorkloads(loaded.mesh), loaded);
    },
    lease: (service) => {
      const [of] = loaded === undefined ? [] : findWorkloads(loaded.mesh, service);
      if (of === undefined || loaded === undefined) return undefined;
      const taken = new Set([...loaded.mesh.workloads, ...leases].map((workload) => workload.address));
      const lease = leaseWorkload(of, ++leaseCount, taken);
      leases = [...leases, lease];
      refresh();
      return lease;
    },
    release: (id) => {
      const rest = leases.filter((lease) => lease.id !== id);
      if (rest.length === leases.length) return false;
      leases = rest;
      refresh();
      return true;
    },
    mesh: () => loaded?.mesh,
    loaded: () => loaded,
    wanted: () => ({
      mesh: loaded === undefined ? [] : meshPaths(loaded.project),
      named: namedFiles(options.paths, loaded === undefined ? [] : envFilesOf(loaded.project, options.directory)),
    }),
  };
}

function notApplied(proxy: string, report: GenerationReport): Problem {
  const refusal = report.refusals.get(proxy);
  return {
    code: "MD7008",
    severity: "error",
    message:
      refusal === undefined
        ? `the sidecar of ${proxy} has not applied generation ${report.generation} yet`
        : `the sidecar of ${proxy} refused generation ${report.generation}: ${refusal}`,
    hint: "it keeps the last one that it applied",
  };
}

import { closeSync, openSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Clock } from "./core/clock.ts";
import { MeshError } from "./core/error.ts";
import type { Scope } from "./core/scope.ts";
import type { ProjectPaths } from "./config/project-paths.ts";
import type { DrainMode } from "./model/dataplane.ts";
import type { IssuerProgram } from "./model/issuer.ts";
import { withCompileCache } from "./control/compile-cache.ts";
import { openDataPlane, type DataPlaneLink, type MeshNamespace } from "./control/data-plane-link.ts";
import { loadFirst } from "./control/first-load.ts";
import type { Loaded } from "./control/load.ts";
import { claimMachineAddresses, type MachineAddresses } from "./control/machine-address.ts";
import { openMeshCa, type MeshCa } from "./control/mesh-ca.ts";
import { isProcessStopped } from "./control/process-state.ts";
import { publishedPorts, requireNone, requireStartable } from "./control/start-check.ts";
import type { DaemonOptions } from "./control/start-report.ts";
import { caFolder, openCaStore, readGivenCa } from "./host/ca-store.ts";
import { issuerFolder } from "./host/issuer-store.ts";
import { findProjectFiles } from "./host/project-files.ts";
import { checkPublishedPorts } from "./host/ports.ts";
import { readMeshFiles, type MeshFileSet } from "./host/read-mesh-files.ts";
import { startReaper, type Reaper } from "./host/reaper/reaper.ts";
import { openSession, type Session } from "./host/session.ts";
import { currentUser } from "./host/session-folder.ts";
import { openMeshPods, podAddresses, type MeshPods } from "./mesh-pods.ts";
import type { PluginCa } from "./mesh-trust.ts";
import { programFile } from "./program-file.ts";

export type Env = Readonly<Record<string, string | undefined>>;

/** What a mesh stands on before anything of it runs. */
export interface Ground {
  readonly user: ReturnType<typeof currentUser>;
  readonly paths: ProjectPaths;
  readonly session: Session;
  readonly reaper: Reaper;
  readonly link: DataPlaneLink;
  /** Undefined: programs run with the hook. */
  readonly pods: MeshPods | undefined;
  /** The files as they were read, and what they mean. */
  readonly files: MeshFileSet;
  readonly first: Loaded;
  /** Variables that the project file may use. */
  readonly variables: Readonly<Record<string, string>>;
  readonly machine: MachineAddresses;
  readonly ca: MeshCa;
  /** What serves the keys of `meshdev token`, should a rule want them. */
  readonly issuer: IssuerProgram;
  /** The plug-in CA that the user named. */
  readonly givenCa: PluginCa | undefined;
}

/** Takes the session, files, keys, addresses and ports of a project; `scope` gives them back in the reverse order. */
export async function takeGround(options: DaemonOptions, env: Env, clock: Clock, scope: Scope): Promise<Ground> {
  const { directory } = options;
  const user = currentUser(env);
  const paths = findProjectFiles(directory, options.chosen);
  const session = requireSession(directory, user, env);
  scope.defer(session.remove);
  const reaper = startReaper({ id: session.id, folder: session.paths.root });
  scope.defer(reaper.close);

  const pods = await openMeshPods(options.capture, env, session.id, reaper, scope);
  // The data plane starts while this process reads files and makes keys.
  const link = startDataPlane(session, options.drain, env, clock, reaper.watch, pods?.inside, scope);
  const issuer = issuerProgram(directory, env);
  const {
    result,
    files,
    env: variables,
  } = loadFirst({ directory, paths, env, issuer, named: new Set(options.services) }, readMeshFiles);
  const first = requireStartable(result, options);
  const folder = caFolderOf(options, first.project.ca);
  const givenCa = folder === undefined ? undefined : { folder, files: readGivenCa(folder) };
  const keeper = { given: givenCa?.files, ...openCaStore(caFolder(directory, env), user, options.freshCa) };
  const [machine, ca, taken] = await Promise.all([
    pods === undefined ? claimMachineAddresses(process.platform) : podAddresses,
    openMeshCa(keeper, first.mesh.config.trustDomain, options.svidTtlMs, clock),
    checkPublishedPorts(publishedPorts(first.mesh, options)),
  ]);
  scope.defer(machine.release);
  requireNone(taken);
  return { user, paths, session, reaper, link, pods, files, first, variables, machine, ca, issuer, givenCa };
}

/** Where a plug-in CA is: what the command line says, else the project file, relative to its folder. */
function caFolderOf({ caDirectory, directory }: DaemonOptions, named: string | undefined): string | undefined {
  if (caDirectory !== undefined) return caDirectory;
  return named === undefined ? undefined : resolve(directory, named);
}

/** Throws MD7005 when the folder has a mesh already. */
function requireSession(directory: string, user: ReturnType<typeof currentUser>, env: Env): Session {
  const opened = openSession(directory, user, env);
  if (opened.kind === "opened") return opened.session;
  throw new MeshError("MD7005", `a mesh already runs in ${directory} (pid ${opened.record.pid})`, {
    hint: "attach with `meshdev attach`",
  });
}

function startDataPlane(
  session: Session,
  drain: DrainMode,
  env: Env,
  clock: Clock,
  watch: (pid: number) => void,
  inside: MeshNamespace | undefined,
  scope: Scope,
): DataPlaneLink {
  const logFile = openSync(join(session.paths.root, "dataplane.log"), "a", 0o600);
  const link = openDataPlane({
    entry: programFile("dataplane"),
    drain,
    env: withCompileCache({ ...env, MESHDEV_SESSION: session.id }),
    log: logFile,
    clock,
    inside,
    isStopped: isProcessStopped,
    onSpawn: watch,
  });
  scope.defer(async () => {
    await link.close();
    closeSync(logFile);
  });
  return link;
}

function issuerProgram(directory: string, env: Env): IssuerProgram {
  return { command: [process.execPath, programFile("issuer"), issuerFolder(directory, env)], env: {} };
}

import { MeshError } from "../../runtime/core/error.ts";
import type { MeshState } from "../../runtime/model/state.ts";
import { reduce } from "../../runtime/store/reduce.ts";
import type { Context } from "../context.ts";
import { findProject } from "../discovery.ts";
import type { Door, MeshClient, MeshSession } from "../door.ts";
import { exitCodes } from "../exit-code.ts";
import { createPrinter, type OutputOptions, type Printer } from "../print/printer.ts";
import { sanitize } from "../print/sanitize.ts";
import { seg } from "../print/segment.ts";
import { statusLines } from "../print/status.ts";
import { judgeReadiness } from "../readiness.ts";
import { openDoor } from "../runtime-door.ts";
import { isEvent, requireFilter } from "../session.ts";
import { watchMesh, type WatchOptions } from "./watch.ts";

export interface UpOptions extends OutputOptions, WatchOptions {
  readonly directory?: string;
  readonly file?: readonly string[];
  readonly detach?: boolean;
  readonly timeout?: number;
  readonly allowInvalid?: boolean;
  readonly freshCa?: boolean;
  readonly ca?: string;
  readonly svidTtl?: number;
}

export async function up(services: readonly string[], options: UpOptions, context: Context): Promise<number> {
  return runMesh(findProject(context.cwd, options.directory), services, options, context);
}

/** Starts a project or joins it when it runs, and watches it until the end, or returns when it is ready (`-d`). */
export async function runMesh(directory: string, services: readonly string[], options: UpOptions, context: Context): Promise<number> {
  requireFilter(options.filter);
  const door = await openDoor();
  const printer = createPrinter(context, options.color);
  const running = await door.findSession(directory);
  const detach = options.detach === true;
  const session = running ?? (await startMesh(door, directory, services, options));
  const client = door.connect(session);
  if (running !== undefined) printer.note([[seg("already running: "), seg(sanitize(session.name), "strong"), seg(detach ? "" : ", attaching")]]);
  if (!detach) return watchMesh({ door, session, client, own: running === undefined }, options, context);
  const ready = await waitUntilReady(client, services, options.timeout ?? 90_000, context.signal);
  printReady(printer, session, ready);
  return exitCodes.ok;
}

function startMesh(door: Door, directory: string, services: readonly string[], options: UpOptions): Promise<MeshSession> {
  return door.startMesh({
    directory,
    files: options.file ?? [],
    only: services,
    allowInvalid: options.allowInvalid === true,
    freshCa: options.freshCa === true,
    caDirectory: options.ca,
    svidTtlMs: options.svidTtl,
    owned: options.detach !== true,
  });
}

/** Follows the mesh until everything is ready; throws what stood in the way. */
export async function waitUntilReady(client: MeshClient, only: readonly string[], timeoutMs: number, signal: AbortSignal): Promise<MeshState> {
  const late = AbortSignal.timeout(timeoutMs);
  let state: MeshState | undefined;
  for await (const line of client.events({ signal: AbortSignal.any([signal, late]) })) {
    if (line.type === "state") state = line.state;
    else if (state !== undefined && isEvent(line)) state = reduce(state, line);
    if (state === undefined) continue;
    const readiness = judgeReadiness(state, only);
    if (readiness.kind === "failed") throw readiness.error;
    if (readiness.kind === "ready") return state;
  }
  signal.throwIfAborted();
  if (!late.aborted) throw new MeshError("MD7001", "the mesh stopped before it was ready");
  const readiness = state === undefined ? undefined : judgeReadiness(state, only);
  const waiting = readiness?.kind === "waiting" ? ` for ${readiness.for.join(", ")}` : "";
  throw new MeshError("MD8002", `not ready after ${timeoutMs / 1000} s: still waiting${waiting}`);
}

function printReady(printer: Printer, session: MeshSession, state: MeshState): void {
  printer.note([
    ...statusLines(state),
    ...state.workloads.flatMap((workload) =>
      workload.published.map(({ hostPort }) => [seg("  "), seg(sanitize(workload.service), "strong"), seg(`  http://localhost:${hostPort}`, "info")]),
    ),
    [seg(`  watch it with \`meshdev attach\`, stop it with \`meshdev down\` (in ${sanitize(session.directory)})`, "dim")],
  ]);
}

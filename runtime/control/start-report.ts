import type { ProjectChoice } from "../config/project-paths.ts";
import type { Code } from "../core/codes.ts";
import { MeshError } from "../core/error.ts";
import type { Problem } from "../core/problem.ts";
import type { SourcePosition } from "../core/source.ts";
import type { CaptureChoice, DrainMode } from "../model/dataplane.ts";
import type { SessionInfo } from "../model/session.ts";

/** What a daemon is told: the only argument of its program, as JSON. */
export interface DaemonOptions {
  /** Absolute path of the project folder. */
  readonly directory: string;
  readonly chosen: ProjectChoice;
  /** Keys of the services to start; empty: all. */
  readonly services: readonly string[];
  /** Start only those named, not what they need. */
  readonly noDeps: boolean;
  readonly allowInvalid: boolean;
  /** Life of workload certificates in milliseconds; undefined: 24 h (spec ID-20). */
  readonly svidTtlMs: number | undefined;
  /** A plug-in CA to use instead of our own. */
  readonly caDirectory: string | undefined;
  readonly freshCa: boolean;
  readonly watch: boolean;
  readonly drain: DrainMode;
  readonly capture: CaptureChoice;
  /** Nobody owns the mesh once it is ready. */
  readonly detach: boolean;
}

/** What the daemon says on its file descriptor 3, one JSON object per line, to whoever started it. */
export type StartReport =
  | { readonly type: "started"; readonly session: SessionInfo }
  | { readonly type: "ready" }
  | ({ readonly type: "failed" } & StartFailure);

export interface StartFailure {
  readonly code: Code;
  readonly message: string;
  readonly hint?: string;
  readonly at?: SourcePosition;
  readonly problems: readonly Problem[];
  /** Exit code of the command line (design: 3 invalid, 5 failed service, 6 timeout, 7 conflict, 8 environment). */
  readonly exit: number;
}

/** An error that ends a start, with the exit code that it means. */
export function startFailure(error: unknown): StartFailure {
  if (!(error instanceof MeshError)) {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { code: "MD9001", message: text, problems: [], exit: 1 };
  }
  return {
    code: error.code,
    message: error.message,
    problems: error.problems,
    exit: exitFor(error),
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    ...(error.at === undefined ? {} : { at: error.at }),
  };
}

export function startError(failure: StartFailure): MeshError {
  return new MeshError(failure.code, failure.message, {
    problems: failure.problems,
    ...(failure.hint === undefined ? {} : { hint: failure.hint }),
    ...(failure.at === undefined ? {} : { at: failure.at }),
  });
}

function exitFor(error: MeshError): number {
  const code: string = error.code;
  const exact = exits[code];
  if (exact !== undefined) return exact;
  return exits[code.slice(0, 3)] ?? 1;
}

/** By code, else by area. */
const exits: Readonly<Record<string, number>> = {
  MD1: 3,
  MD2: 3,
  MD3: 8,
  MD4: 5,
  MD4002: 6,
  MD5: 7,
  MD6: 8,
  MD6003: 7,
  MD7: 9,
  MD7004: 1,
  MD7005: 7,
  MD7006: 2,
  MD7007: 7,
  MD7008: 6,
};

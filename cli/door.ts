import type { Checked } from "../runtime/core/problem.ts";
import type { DecisionRecord } from "../runtime/model/decision.ts";
import type { Mesh } from "../runtime/model/mesh.ts";
import type { MeshClient, SessionInfo, StartedDaemon, StartOptions, StateLine } from "../runtime/index.ts";
import type { StreamedEvent } from "../runtime/model/event.ts";

export type { MeshClient, SessionInfo, StartedDaemon, StartOptions };

/** One line of the event stream. */
export type StreamLine = StateLine | StreamedEvent;

/** What commands need of the runtime, and nothing more; `runtime-door.ts` fulfils it with runtime/index.ts. */
export interface Door {
  readonly startDaemon: (options: StartOptions) => Promise<StartedDaemon>;
  readonly findSession: (directory: string) => Promise<SessionInfo | undefined>;
  readonly connect: (session: SessionInfo) => Promise<MeshClient>;
  /** Reads and checks a project without running anything. */
  readonly loadProject: (directory: string, options: LoadOptions) => Promise<Checked<Mesh>>;
  /** What would happen to one call, by the very functions that decide in a sidecar. */
  readonly predict: (mesh: Mesh, call: PredictedCall) => Promise<Prediction>;
  readonly schema: (name: SchemaName) => Promise<unknown>;
}

export interface LoadOptions {
  /** Project file when it is not the usual one. */
  readonly file: string | undefined;
}

export const schemaNames = ["project", "events", "state"] as const;
export type SchemaName = (typeof schemaNames)[number];

export interface PredictedCall {
  /** Service or workload; an outside caller is `outside`. */
  readonly from: string;
  readonly to: string;
  readonly method: string;
  readonly path: string;
  readonly port: number | undefined;
  readonly headers: readonly (readonly [name: string, value: string])[];
}

export interface Prediction {
  readonly verdict: "allow" | "deny";
  /** One line: "403 RBAC: access denied", "plaintext under STRICT". */
  readonly summary: string;
  readonly decision: DecisionRecord | null;
  /** The same facts as the runtime gives them, for `-o json`. */
  readonly details: unknown;
}

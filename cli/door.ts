import type { Checked } from "../runtime/core/problem.ts";
import type { CommandAnswer, MeshCommand } from "../runtime/model/command.ts";
import type { DecisionRecord } from "../runtime/model/decision.ts";
import type { MeshEvent, StreamedEvent } from "../runtime/model/event.ts";
import type { Mesh } from "../runtime/model/mesh.ts";
import type { MeshState } from "../runtime/model/state.ts";

/** What commands need of the runtime, and nothing more. `runtime-door.ts` fulfils it with runtime/index.ts. */
export interface Door {
  /** Starts the daemon of a mesh; returns as soon as its control API answers, long before the mesh is ready. */
  readonly startMesh: (options: StartOptions) => Promise<MeshSession>;
  readonly findSession: (directory: string) => Promise<MeshSession | undefined>;
  readonly connect: (session: MeshSession) => MeshClient;
  /** Reads and checks a project without running anything. */
  readonly loadProject: (directory: string, options: LoadOptions) => Promise<Checked<Mesh>>;
  /** What would happen to one call, by the very functions that decide in a sidecar. */
  readonly predict: (mesh: Mesh, call: PredictedCall) => Promise<Prediction>;
  readonly schema: (name: SchemaName) => Promise<unknown>;
}

export const schemaNames = ["project", "events", "state"] as const;
export type SchemaName = (typeof schemaNames)[number];

export interface LoadOptions {
  readonly files: readonly string[];
}

export interface StartOptions extends LoadOptions {
  readonly directory: string;
  /** Services to start, with what they need; empty: all. */
  readonly only: readonly string[];
  readonly allowInvalid: boolean;
  readonly freshCa: boolean;
  readonly caDirectory: string | undefined;
  readonly svidTtlMs: number | undefined;
  /** The daemon stops when this client goes away without a word. */
  readonly owned: boolean;
}

export interface MeshSession {
  readonly name: string;
  readonly directory: string;
  readonly pid: number;
  readonly socket: string;
}

/** Line one of the stream. */
export interface StateLine {
  readonly type: "state";
  readonly schemaVersion: 1;
  readonly state: MeshState;
  readonly seq: number;
}

export type StreamLine = StateLine | StreamedEvent;

export interface EventOptions {
  /** What happened before, oldest first. */
  readonly replay?: boolean;
  /** Request headers, secrets redacted. */
  readonly headers?: boolean;
  /** The mesh stops when this stream ends. */
  readonly own?: boolean;
  readonly signal?: AbortSignal;
}

export interface MeshClient {
  readonly state: () => Promise<MeshState>;
  /** Ends quietly when the signal aborts or the mesh stops. */
  readonly events: (options: EventOptions) => AsyncIterable<StreamLine>;
  readonly command: (command: MeshCommand) => Promise<CommandAnswer>;
  readonly event: (id: string) => Promise<MeshEvent | undefined>;
}

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

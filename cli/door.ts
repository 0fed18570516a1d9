import type * as runtime from "../runtime/index.ts";
import type { StateLine } from "../runtime/index.ts";
import type { StreamedEvent } from "../runtime/model/event.ts";

export type {
  CallToken,
  CaseReport,
  CheckResult,
  ComparedSide,
  Comparison,
  MachineCheck,
  MatrixRecord,
  FidelityRow,
  MeshClient,
  PredictedCall,
  Coverage,
  MutationReport,
  ProbeFinding,
  ProbeReport,
  ProjectChoice,
  SessionInfo,
  StartedDaemon,
  StartOptions,
  SuggestionReport,
  SuggestReport,
  Suppression,
  TestEngine,
  TestReport,
} from "../runtime/index.ts";

/** The runtime as commands see it. */
export type Door = typeof runtime;

/** Loads the runtime when a command first needs it. */
export function openDoor(): Promise<Door> {
  return import("../runtime/index.ts");
}

/** One line of the event stream. */
export type StreamLine = StateLine | StreamedEvent;

export const schemaNames = [
  "project",
  "test",
  "test-report",
  "events",
  "state",
  "check",
  "flips",
  "doctor",
  "prune",
  "why",
  "probe",
  "matrix",
  "changes",
  "suggest",
  "fidelity",
] as const;
export type SchemaName = (typeof schemaNames)[number];

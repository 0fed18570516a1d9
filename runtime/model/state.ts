import type { Problem } from "../core/problem.ts";
import type { CertificateFacts } from "./event.ts";

/** The lifecycle of a workload's program, as one union: never a set of booleans. */
export type WorkloadState =
  | { readonly phase: "waiting"; readonly for: readonly string[] }
  | { readonly phase: "starting"; readonly pid: number }
  | { readonly phase: "ready"; readonly pid: number }
  /** Running, but its readiness fails or has not come in time. */
  | { readonly phase: "unready"; readonly pid: number; readonly reason: string }
  | { readonly phase: "stopping"; readonly pid: number }
  | {
      readonly phase: "exited";
      readonly code: number | null;
      readonly signal: string | null;
      readonly restartAt: string | null;
      readonly lastLines: readonly string[];
    }
  | { readonly phase: "failed"; readonly reason: string }
  | { readonly phase: "stopped" };

/** What the reducer folds events into; `GET /v1/state` and line one of the event stream. A published contract. */
export interface MeshState {
  readonly schemaVersion: 1;
  readonly mesh: string;
  /** Absolute folder of the project. */
  readonly directory: string;
  readonly startedAt: string;
  readonly trustDomain: string;
  readonly generation: GenerationState;
  readonly workloads: readonly WorkloadView[];
  readonly services: readonly ServiceView[];
  readonly resources: readonly ResourceView[];
  readonly problems: readonly Problem[];
  /** Resources that are invalid and have no earlier valid version, `AuthorizationPolicy default/deny-all`: the mesh runs without them (`--allow-invalid`). */
  readonly missing: readonly string[];
  readonly counts: TrafficCounts;
  readonly dataPlane: { readonly pid: number | null; readonly restarts: number; readonly reason: string | null };
  /** How programs are captured ("node hook"), and why not otherwise. */
  readonly capture: string;
}

export interface GenerationState {
  readonly number: number;
  readonly live: number;
  readonly total: number;
  readonly waiting: readonly string[];
  /** Milliseconds from save to the last ACK; null for the first generation. */
  readonly ms: number | null;
  readonly at: string;
  readonly changes: readonly string[];
  /** How many of the calls made before it would end otherwise now; absent: not known yet, or the first generation. */
  readonly flips?: FlipCounts;
}

export interface FlipCounts {
  readonly compared: number;
  readonly flipped: number;
  /** Calls whose outcome the files alone do not decide. */
  readonly excluded: number;
}

export interface WorkloadView {
  readonly id: string;
  readonly service: string;
  readonly namespace: string;
  readonly identity: string;
  readonly address: string;
  readonly sidecar: boolean;
  readonly state: WorkloadState;
  readonly restarts: number;
  readonly ports: readonly number[];
  /** `127.0.0.1:3000→8080` */
  readonly published: readonly { readonly hostPort: number; readonly port: number }[];
  /** The generation this workload's proxy has acknowledged; null without a sidecar or before the first. */
  readonly acked: number | null;
  readonly certificate: CertificateFacts | null;
  /** When the sidecar is to ask for its next certificate; null before the first. */
  readonly rotateAt: string | null;
  /** mTLS mode per declared port on the way in. */
  readonly mtls: Readonly<Record<string, string>>;
  readonly traffic: TrafficCounts;
  readonly resources: ResourceUsage;
}

export interface ResourceUsage {
  readonly rssBytes: number | null;
  readonly cpuSeconds: number | null;
}

/** The part of the state that comes from files: replaced as a whole by `mesh.loaded`, where live fields of workloads that stay are kept. */
export interface MeshView {
  readonly trustDomain: string;
  readonly workloads: readonly WorkloadView[];
  readonly services: readonly ServiceView[];
  readonly resources: readonly ResourceView[];
  readonly missing: readonly string[];
}

export interface ServiceView {
  readonly hostname: string;
  readonly address: string;
  readonly ports: readonly {
    readonly name: string;
    readonly port: number;
    readonly target: number;
    readonly protocol: string;
  }[];
  /** Workloads that its selector names, ready or not. */
  readonly members: readonly string[];
  /** Those of them that are ready. */
  readonly endpoints: readonly string[];
}

export interface ResourceView {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly file: string;
  readonly line: number;
  /** Workload ids it selects; empty where selection has no meaning. */
  readonly selects: readonly string[];
  /** `ALLOW`, `DENY` of an AuthorizationPolicy, the mode of a PeerAuthentication; null where neither is meant. */
  readonly action: string | null;
  /** What a VirtualService or DestinationRule is about, as written. */
  readonly hosts: readonly string[];
  /** Of an AuthorizationPolicy, in the order of the file. */
  readonly rules: readonly RuleView[];
}

export interface RuleView {
  /** As `TrafficCounts.rules` names it. */
  readonly id: string;
  readonly line: number;
  /** `from principals [cluster.local/ns/default/sa/web] to methods [GET]` */
  readonly words: string;
}

/** Running totals since the start of the mesh. */
export interface TrafficCounts {
  readonly requests: number;
  readonly allowed: number;
  readonly denied: number;
  /** HTTP answers of 500 and above, and upstream failures. */
  readonly failed: number;
  readonly handshakes: number;
  readonly handshakesFailed: number;
  /** HTTP requests on the way in that were answered with 500 or above, or not at all. */
  readonly errors: number;
  /** HTTP requests on the way in by the time they took: how many fell into each bucket of latency.ts that is not empty. */
  readonly latency: Readonly<Record<string, number>>;
  /** Decisions by the rule that made them, `ns[default]-policy[backend-allow]-rule[0]`; `none`: ALLOW policies applied, and none matched. */
  readonly rules: Readonly<Record<string, number>>;
}

import type { Technique } from "./attempt.ts";
import type { Target } from "./targets.ts";
import type { WayIn } from "./ways-in.ts";

/** What came of one attempt. */
export type Outcome =
  /** The application logged that it received the denied resource. */
  | "hit"
  /** It was let through to an application whose log shows no requests: nobody can tell what it was taken for. */
  | "unverified"
  /** The application logged it under another name. */
  | "reached"
  /** It was taken for something that this caller may ask for anyway. */
  | "allowed"
  | "refused";

/** Those that are told, worst first. */
export const foundOutcomes = ["hit", "unverified", "reached"] as const satisfies readonly Outcome[];

/** Everything that was neither refused nor allowed anyway. */
export interface ProbeFinding {
  readonly outcome: (typeof foundOutcomes)[number];
  readonly caller: string | null;
  readonly way: WayIn["way"];
  readonly to: string;
  readonly target: Target;
  readonly technique: Technique;
  readonly name: string;
  /** The request in one line. */
  readonly request: string;
  readonly marker: string;
  readonly status: number | null;
  /** The line that proves it; null for `unverified`. */
  readonly log: {
    readonly workload: string;
    /** `answer`: with `echo`, a line of what it answered. */
    readonly source: "log" | "answer";
    readonly line: string;
  } | null;
  /** What the application took it for; null for `hit` and `unverified`. */
  readonly seen: string | null;
  /** Event in which the callee's sidecar let it pass, for `meshdev why`; null: it was not told. */
  readonly event: string | null;
}

/** How a denied resource answers those who ask for it as it is. */
export interface PlainVerdict {
  readonly caller: string | null;
  readonly way: WayIn["way"];
  readonly to: string;
  readonly target: Target;
  readonly verdict: "refused" | "open" | "unverified";
  readonly status: number | null;
}

export interface ProbeReport {
  readonly service: string;
  readonly port: number;
  /** Whether the application's log, or with `echo` its answers, show what it receives. */
  readonly canTell: boolean;
  readonly plain: readonly PlainVerdict[];
  readonly findings: readonly ProbeFinding[];
  readonly counts: Readonly<Record<Outcome | "sent", number>>;
  /** Events that were lost on the way here; more than 0: lines may be missing. */
  readonly lostEvents: number;
}

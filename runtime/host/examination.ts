import { homedir } from "node:os";
import { examineEngines } from "./containers/examine.ts";
import { probePods } from "./pods/probe.ts";
import type { HostUser } from "./session-folder.ts";

/** One thing that a machine must be able to do. */
export interface MachineCheck {
  /** What it is needed for, as `network pods`. */
  readonly topic: string;
  /** Stable name within the topic. */
  readonly name: string;
  readonly title: string;
  readonly outcome: "ok" | "failed" | "not tried";
  /** Why not, in the words of the system; null unless it failed. */
  readonly reason: string | null;
  /** What that means and how to mend it; null when nothing known fits. */
  readonly hint: string | null;
}

/** Topics are tried one after the other: each may use what the others make. */
const topics: Readonly<Record<string, (user: HostUser) => Promise<readonly Omit<MachineCheck, "topic">[]>>> = {
  "network pods": async (user) =>
    (await probePods(user)).results.map(({ step, title, outcome, reason, hint }) => ({
      name: step,
      title,
      outcome,
      reason: reason ?? null,
      hint: hint ?? null,
    })),
  containers: () => examineEngines({ env: process.env, home: homedir() }),
};

/** Tries what meshdev needs of this machine. What is tried is undone again. */
export async function examineMachine(user: HostUser): Promise<readonly MachineCheck[]> {
  const checks: MachineCheck[] = [];
  for (const [topic, examine] of Object.entries(topics))
    checks.push(...(await examine(user)).map((check) => ({ topic, ...check })));
  return checks;
}

import type { Expectation } from "./case.ts";
import type { Outcome } from "./outcome.ts";
import { isWanted, wantedText } from "./wanted-policy.ts";

/** What contradicts an expectation, in words; empty: it holds. */
export function contradictions(expected: Expectation, outcome: Outcome): readonly string[] {
  const found: string[] = [];
  if (outcome.verdict !== expected.verdict)
    found.push(`expected ${expected.verdict}, actual ${outcome.verdict}: ${outcome.summary}`);
  const { by, status } = expected;
  if (by !== undefined && !isDecidedAsWanted(by, outcome)) {
    const actual = outcome.by === null ? "no policy" : deciderText(outcome.by);
    found.push(`expected ${wantedText(by)} to decide, actual ${actual}`);
  }
  // What an application answers is only known when it is asked.
  if (status !== undefined && outcome.status !== null && outcome.status !== status)
    found.push(`expected status ${status}, actual ${outcome.status}`);
  return found;
}

function isDecidedAsWanted(by: NonNullable<Expectation["by"]>, outcome: Outcome): boolean {
  if (by === "none") return outcome.by === null;
  return outcome.by !== null && isWanted(by, outcome.by);
}

export function deciderText({ resource, rule }: NonNullable<Outcome["by"]>): string {
  return rule === null ? resource : `${resource} rule ${rule}`;
}

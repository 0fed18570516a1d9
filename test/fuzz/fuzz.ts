import { createRandom, seedOf } from "./random.ts";
import type { Target } from "./target.ts";

/** What came of the inputs of one target. */
export interface FuzzReport {
  readonly target: string;
  readonly inputs: number;
  /** How often each class of outcome came. */
  readonly classes: ReadonlyMap<string, number>;
}

/** Runs a target; a broken promise throws with the number of the input, from which it can be made again. */
export async function fuzz(target: Target, seed: number, from: number, inputs: number): Promise<FuzzReport> {
  const classes = new Map<string, number>();
  for (let input = from; input < from + inputs; input += 1) {
    try {
      const made = target.run(createRandom(seedOf(seed, input)));
      const outcome = typeof made === "string" ? made : await made;
      classes.set(outcome, (classes.get(outcome) ?? 0) + 1);
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      throw new Error(`${target.name}, seed ${seed}, input ${input}: ${text}`, { cause: error });
    }
  }
  return { target: target.name, inputs, classes };
}

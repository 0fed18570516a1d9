import type { Message } from "../message.ts";
import type { World } from "../world.ts";

/** One of Istio's analyzers. */
export interface Analyzer {
  /** As `istioctl analyze --list-analyzers` names it. */
  readonly name: string;
  /** Types of the objects that it looks at; without one of them it does not run. */
  readonly inputs: readonly string[];
  readonly analyze: (world: World) => readonly Message[];
}

import type { Analyzer } from "./analyzers/analyzer.ts";
import { levelOf } from "./levels.ts";
import type { Message } from "./message.ts";
import { isOf, isSuppressed, resourceOf, type Suppression } from "./suppression.ts";
import type { World } from "./world.ts";

export interface AnalysisOptions {
  readonly analyzers: readonly Analyzer[];
  readonly suppressions?: readonly Suppression[];
  /** Messages about other namespaces are left out. */
  readonly namespace?: string;
  /** Types that analyzers cannot see; those that need one do not run. */
  readonly hidden?: readonly string[];
}

/** Types that `istioctl analyze` does not read from files (errata E1). */
export const notInFiles: readonly string[] = ["Service", "Namespace", "Node", "Pod", "Secret"];

/** Runs the analyzers; messages come errors first, then by code and object, each once. */
export function analyze(world: World, options: AnalysisOptions): readonly Message[] {
  const { hidden = [], suppressions = [] } = options;
  const messages = options.analyzers
    .filter(({ inputs }) => !inputs.some((type) => hidden.includes(type)))
    .flatMap((analyzer) => analyzer.analyze(world))
    .filter((message) => isOf(message, options.namespace) && !isSuppressed(message, suppressions));
  const unique = new Map(
    messages.map((message) => [
      JSON.stringify([message.code, resourceOf(message), placeOf(message), message.text]),
      message,
    ]),
  );
  return [...unique.values()].toSorted(
    (a, b) =>
      ranks[levelOf(a.code)] - ranks[levelOf(b.code)] ||
      compare(a.code, b.code) ||
      compare(comparable(a), comparable(b)) ||
      compare(a.text, b.text),
  );
}

const ranks = { error: 0, warning: 1, info: 2 } as const;

function comparable({ object }: Message): string {
  return `${object.kind}/${object.name}/${object.namespace}`;
}

/** File and line. */
export function placeOf(message: Message): { readonly file: string; readonly line: number } | undefined {
  const { source } = message.object;
  if (source === undefined) return undefined;
  const found = message.field === undefined ? undefined : source.positions.at[message.field];
  return { file: source.positions.file, line: found?.[0] ?? source.firstLine };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

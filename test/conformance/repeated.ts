import type { Answer } from "../../runtime/predict/payload.ts";
import type { PaperWorld } from "../../runtime/predict/world.ts";
import type { CaseRequest, ExpectedRequest } from "./case.ts";
import { type Difference, outcomeOf } from "./outcome.ts";

export function timesOf({ repeat, parallel }: CaseRequest): number {
  return repeat ?? (typeof parallel === "number" ? parallel : 1);
}

/** Draws and turns that go through all that can be chosen, evenly; with `parallel` nothing that was taken is given back. */
export function repeatingWorld(world: PaperWorld, request: CaseRequest): PaperWorld {
  const times = timesOf(request);
  if (times === 1) return world;
  let draws = 0;
  const turns = new Map<string, number>();
  return {
    ...world,
    busy: request.parallel === undefined ? undefined : new Map(),
    draw: () => {
      draws += 1;
      return ((draws - 0.5) / times) % 1;
    },
    turn: (cluster) => {
      const turn = turns.get(cluster) ?? 0;
      turns.set(cluster, turn + 1);
      return turn;
    },
  };
}

/** Other choices than the first, of which a single request may have met any: other endpoints, and other draws. */
export const otherChoices: readonly Pick<PaperWorld, "draw" | "turn">[] = [0, 1, 2, 3].flatMap((turn) =>
  [0, 0.5, 0.999].map((draw) => ({ draw: () => draw, turn: () => turn })),
);

/** `http:200<-backend-v1`: what came back, and from which program. */
export function labelOf(request: CaseRequest, answer: Answer): string {
  const from =
    answer.kind === "http"
      ? answer.headers.find(([name]) => name === "x-app-workload")?.[1]
      : answer.kind === "bytes"
        ? /"workload":"([^"]*)"/.exec(answer.text)?.[1]
        : undefined;
  return `${outcomeOf(request, answer)}<-${from ?? ""}`;
}

/** The program whose answer the recording tells in full. */
export function answererOf({ headers, received }: ExpectedRequest["client"]): string | undefined {
  const named =
    headers?.["x-app-workload"] ??
    (typeof received === "object" && received !== null && "workload" in received ? received.workload : undefined);
  return typeof named === "string" ? named : undefined;
}

/** Where something draws, the recording is one draw: the same kinds of answers, in about the same shares. */
export function compareCounts(
  recorded: Readonly<Record<string, number>>,
  labels: readonly string[],
): readonly Difference[] {
  const counts: Record<string, number> = {};
  // Bytes name no request: the recorder wrote a neighbour's hit behind a plus sign.
  const told: Record<string, number> = {};
  for (const [label, count] of Object.entries(recorded)) {
    const [own = label] = label.split("+");
    told[own] = (told[own] ?? 0) + count;
  }
  for (const label of labels) counts[label] = (counts[label] ?? 0) + 1;
  const slack = Math.max(2, labels.length * 0.2);
  const names = new Set([...Object.keys(told), ...Object.keys(counts)]);
  const fits = [...names].every(
    (name) =>
      told[name] !== undefined &&
      counts[name] !== undefined &&
      Math.abs(told[name] - counts[name]) <= (names.size === 1 ? 0 : slack),
  );
  return fits ? [] : [{ what: "counts", expected: recorded, actual: counts }];
}

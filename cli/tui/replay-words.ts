import type { Replay } from "../../runtime/model/command.ts";
import type { ExchangeEvent } from "../../runtime/model/event.ts";
import { verdictOf } from "../print/verdict.ts";
import type { Feed } from "./feed.ts";

/** The stream follows the answer within a frame or two, unless more comes than is told. */
const patienceMs = 3_000;

/** Says what came of a replay, beside what it was before, and hands over its row as soon as it is there. */
export function whenReplayed(
  feed: Feed,
  original: ExchangeEvent,
  replay: Replay,
  say: (text: string) => void,
  goTo: (row: number) => void,
): void {
  const before = `was ${original.status} ${verdictOf(original)}`;
  const look = (): void => {
    const number = rowOf(feed, original.id, replay.requestId);
    const event = number === undefined ? undefined : feed.traffic.get(number);
    if (number === undefined || event?.type !== "exchange.completed") return;
    stop();
    goTo(number);
    say(`sent again: ${event.status} ${verdictOf(event)} in generation ${event.generation}; ${before}`);
  };
  const unsubscribe = feed.subscribe(look);
  const timer = setTimeout(() => {
    stop();
    say(`sent again: ${replay.status}; ${before}; its row has not come`);
  }, patienceMs);
  const stop = (): void => {
    unsubscribe();
    clearTimeout(timer);
  };
  look();
}

/** The newest rows first: it came a moment ago. */
function rowOf({ traffic }: Feed, id: string, requestId: string): number | undefined {
  for (let number = traffic.end() - 1; number >= traffic.first(); number--) {
    const row = traffic.get(number);
    if (row?.type === "exchange.completed" && row.replayOf === id && row.requestId === requestId) return number;
  }
  return undefined;
}

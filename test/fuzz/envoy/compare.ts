import type { Arrived } from "../../support/raw-app.ts";
import type { Judged, Pair } from "./twins.ts";

/** What of a judgement must be the same: what the application received, what the caller received, and what the log says. */
export interface View {
  readonly app: readonly string[];
  readonly caller: string;
  readonly log: readonly string[];
}

export interface Difference extends Pair {
  readonly theirs: View;
  readonly mine: View;
}

/** Undefined where both did the same. */
export function differenceOf(pair: Pair): Difference | undefined {
  const [theirs, mine] = [viewOf(pair.envoy), viewOf(pair.ours)];
  return JSON.stringify(theirs) === JSON.stringify(mine) ? undefined : { ...pair, theirs, mine };
}

function viewOf({ arrived, received, log }: Judged): View {
  return {
    app: arrived.map(requestOf),
    caller: received
      .split(/(?=HTTP\/1\.1 \d\d\d )/)
      .map(answerOf)
      .join(""),
    log,
  };
}

/** The order of headers is no promise on the way to an application; ids and counts are the proxy's own. */
function requestOf({ head, body, complete }: Arrived): string {
  const [line = "", ...lines] = head.split("\r\n").filter((each) => each !== "");
  const kept = lines.filter((each) => !each.startsWith("x-envoy-attempt-count: "));
  const text = kept.map((each) => each.replace(/^x-request-id: [0-9a-f-]{36}$/, "x-request-id: ID")).toSorted();
  return `${[line, ...text].join("\n")}\n\n${body}${complete ? "" : " …"}`;
}

/** Replies of the proxy itself are compared byte for byte, answers of the application without the order of their headers. */
function answerOf(text: string): string {
  const masked = text
    .replace(/\r\ndate: [^\r]*/, "\r\ndate: D")
    .replace(/\r\nx-envoy-decorator-operation: [^\r]*/, "")
    .replace(/service-time: \d+/, "service-time: MS");
  if (!masked.includes("service-time: ")) return masked;
  const end = masked.indexOf("\r\n\r\n");
  const [line = "", ...lines] = masked.slice(0, end).split("\r\n");
  return [line, ...lines.toSorted()].join("\r\n") + masked.slice(end);
}

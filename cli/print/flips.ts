import type { Comparison, Flip, Outcome } from "../../runtime/model/flips.ts";
import { decisionSummary } from "./decision.ts";
import type { Glyphs } from "./glyphs.ts";
import { partyName, targetName } from "./party.ts";
import { place } from "./place.ts";
import { sanitize } from "./sanitize.ts";
import { seg, type Line, type Segment } from "./segment.ts";

/** `this save flips 3 of 412 calls` */
export function flipsSummary(comparison: Comparison): Line {
  const { compared, flipped, flips, excluded } = comparison;
  const [first] = flips;
  const left = excluded.reduce((sum, { calls }) => sum + calls, 0);
  return [
    seg(`${changeName(comparison)} flips ${flipped === 0 ? "none" : String(flipped)} of ${callCount(compared)}`),
    ...(first === undefined ? [] : [seg(`  ${outcomes(first)}: ${calledWords(first)}`, "dim")]),
    ...(left === 0 ? [] : [seg(`  ${left} not decided by files alone`, "dim")]),
  ];
}

export const nothingSaved: readonly Line[] = [
  [seg("nothing was saved since the mesh was started; -f names a draft to try", "dim")],
];

/** What `meshdev diff` prints of a running mesh, and `d` in the TUI. */
export function flipsLines(comparison: Comparison, glyphs: Glyphs): readonly Line[] {
  const { before, after, compared, flipped, excluded, flips, omitted } = comparison;
  const between = `generation ${before} ${glyphs.arrow} ${after ?? "draft"}`;
  if (compared + excluded.length === 0)
    return [
      [seg(between, "strong")],
      [seg("no call that came in is kept, so there is nothing to decide again", "dim")],
    ];
  return [
    [
      seg(`${changeName(comparison)} flips ${flipped} of ${callCount(compared)}`, flipped > 0 ? "warn" : "good"),
      seg(`  ${between}`, "dim"),
    ],
    ...flips.flatMap((flip) => flipLines(flip, glyphs)),
    ...(omitted > 0 ? [[seg(`and ${omitted} more kinds of flips`, "dim")]] : []),
    ...(excluded.length > 0 ? [[], [seg("not compared:", "dim")]] : []),
    ...excluded.map(({ reason, calls }): Line => [seg(`  ${calls}  `), seg(sanitize(reason), "dim")]),
  ];
}

function changeName({ after }: Comparison): string {
  return after === null ? "this draft" : "this save";
}

function callCount(count: number): string {
  return `${count} call${count === 1 ? "" : "s"}`;
}

function flipLines(flip: Flip, glyphs: Glyphs): readonly Line[] {
  const { calls, from, to } = flip;
  return [
    [],
    [
      seg(outcomes(flip), flip.after.verdict === "allow" ? "good" : "bad"),
      seg(`  ${partyName(from)} ${glyphs.arrow} ${targetName(to)}  ${askedWords(flip)}`, "strong"),
      seg(calls > 1 ? `  ${calls} calls` : "", "dim"),
    ],
    outcomeLine("before", flip.before),
    outcomeLine("after ", flip.after),
  ];
}

/** `ALLOW > DENY` */
function outcomes({ before, after }: Flip): string {
  return `${before.verdict.toUpperCase()} > ${after.verdict.toUpperCase()}`;
}

function calledWords(flip: Flip): string {
  return `${partyName(flip.from)} ${askedWords(flip)}`;
}

function askedWords({ method, path }: Flip): string {
  return method === null || path === null ? "a connection" : sanitize(`${method} ${path}`);
}

function outcomeLine(when: string, outcome: Outcome): Line {
  return [seg(`  ${when} `, "dim"), seg(outcome.verdict.padEnd(7)), ...reasonOf(outcome)];
}

function reasonOf({ decision, reason, because }: Outcome): readonly Segment[] {
  if (decision !== null) return decisionSummary(decision);
  const [first] = because;
  return [
    seg(sanitize(reason ?? "")),
    ...(first === undefined ? [] : [seg(` by ${sanitize(first.resource)} `), seg(place(first), "dim")]),
  ];
}

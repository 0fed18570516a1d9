import type { Comparison } from "../door.ts";
import { conditionWords, outcomeWords, portName } from "./access-words.ts";
import type { Glyphs } from "./glyphs.ts";
import { place } from "./place.ts";
import { sanitize } from "./sanitize.ts";
import { seg, type Line } from "./segment.ts";

type Port = Comparison["ports"][number];
type Change = Port["classes"][number];

/** What differs between two versions of a mesh, port by port, each class with its reason on both sides. */
export function changesLines({ before, after, ports, added, removed }: Comparison, { arrow }: Glyphs): readonly Line[] {
  return [
    [seg(`${sanitize(before.name)} ${arrow} ${sanitize(after.name)}`, "strong"), seg("  predicted", "dim")],
    ...added.map((id): Line => [seg("+ ", "good"), seg(`${sanitize(id)} is new`)]),
    ...removed.map((id): Line => [seg("- ", "bad"), seg(`${sanitize(id)} is gone`)]),
    ...ports.flatMap((port) => portLines(port, arrow)),
  ];
}

function portLines(port: Port, arrow: string): readonly Line[] {
  const { mtls, classes, connections, reasons, cut } = port;
  const isModeKept = mtls.before.mode === mtls.after.mode;
  return [
    [
      seg(portName(port), "strong"),
      seg(`  ${port.layer}  ${isModeKept ? mtls.after.mode : `${mtls.before.mode} ${arrow} ${mtls.after.mode}`}`),
      seg(
        isModeKept ? "" : becauseWords(mtls.after.because.length > 0 ? mtls.after.because : mtls.before.because),
        "dim",
      ),
      seg(port.service === null ? "" : `  ${sanitize(port.workloads.join(", "))}`, "dim"),
    ],
    ...alike(classes).flatMap(changeLines),
    ...connections.map(({ workload, before, after }): Line => [
      seg("  TLS     ", "warn"),
      seg(`calls of ${sanitize(workload)}: ${before.connection} ${arrow} ${after.connection}`),
      seg(becauseWords(after.because.length > 0 ? after.because : before.because), "dim"),
    ]),
    ...(reasons === 0
      ? []
      : [
          [
            seg(
              `  ${reasons} ${reasons === 1 ? "class keeps its" : "classes keep their"} verdict by another rule`,
              "dim",
            ),
          ],
        ]),
    ...cut.map((text): Line => [seg(`  not all is told: ${text}`, "warn")]),
  ];
}

function becauseWords(because: Port["mtls"]["before"]["because"]): string {
  const [first] = because;
  return first === undefined ? "" : `  ${place(first)}`;
}

/** How many classes with the same reasons are told before the rest is only counted. */
const most = 12;

/** Classes that change alike, for the same reasons. */
function changeLines([change, ...others]: readonly Change[]): readonly Line[] {
  if (change === undefined) return [];
  const { before, after } = change;
  const word = kindOf(change);
  const tone = word === "OPENS" ? "warn" : word === "CLOSES" ? "bad" : "info";
  const more = others.length + 1 - most;
  return [
    [seg(`  ${word.padEnd(7)} `, tone), seg(conditionWords(change.conditions))],
    ...others.slice(0, most - 1).map(({ conditions }): Line => [seg(`          ${conditionWords(conditions)}`)]),
    ...(more > 0 ? [[seg(`          and ${more} more; -o json tells all`, "dim")]] : []),
    [seg(`            before  ${before.verdict.padEnd(7)} ${outcomeWords(before)}`, "dim")],
    [seg(`            after   ${after.verdict.padEnd(7)} ${outcomeWords(after)}`, "dim")],
  ];
}

function alike(classes: readonly Change[]): readonly (readonly Change[])[] {
  const groups = Map.groupBy(
    classes,
    ({ before, after }) => `${before.verdict} ${outcomeWords(before)} ${after.verdict} ${outcomeWords(after)}`,
  );
  return [...groups.values()];
}

function kindOf({ before, after }: Change): "OPENS" | "CLOSES" | "CHANGES" {
  if (before.verdict === "deny") return "OPENS";
  return after.verdict === "deny" ? "CLOSES" : "CHANGES";
}

/** `2 classes of requests open, 1 closes` */
export function changesSummary({ ports, added, removed }: Comparison): Line {
  const kinds = ports.flatMap(({ classes }) => classes.map(kindOf));
  const connections = ports.flatMap((port) => port.connections);
  const count = (kind: string): number => kinds.filter((each) => each === kind).length;
  const parts = [
    [count("OPENS"), "open"],
    [count("CLOSES"), "close"],
    [count("CHANGES"), "are asked of somebody else"],
  ] as const;
  const told = parts.flatMap(([number, verb]) => (number === 0 ? [] : [`${number} ${verb}`]));
  const tls = connections.length === 0 ? [] : [`${connections.length} connections arrive in another way`];
  if (told.length + tls.length + added.length + removed.length === 0)
    return [seg("No request ends otherwise.", "good")];
  return [
    seg(
      told.length === 0
        ? ["No class of requests changes", ...tls].join(", ")
        : `Of classes of requests ${[...told, ...tls].join(", ")}`,
      "strong",
    ),
  ];
}

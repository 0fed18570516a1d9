import type { ProbeFinding, ProbeReport } from "../door.ts";
import type { Glyphs } from "./glyphs.ts";
import { sanitize } from "./sanitize.ts";
import { type Line, seg, type Tone } from "./segment.ts";
import { tableLines } from "./table.ts";

const tones = { hit: "bad", unverified: "warn", reached: "warn" } as const;
const shownOthers = 10;

/** A probe's report for people: verdict, what is denied to whom, and everything that was not refused. */
export function probeLines(report: ProbeReport, glyphs: Glyphs, columns: number): readonly Line[] {
  const { counts } = report;
  return [
    headline(report),
    [
      seg(
        `  ${counts.sent} sent: ${counts.hit} hits, ${counts.refused} refused, ${counts.allowed} taken for what is allowed, ${counts.reached} for something else, ${counts.unverified} unverified`,
      ),
    ],
    [],
    ...plainLines(report, glyphs, columns),
    ...section(report, "hit", "HITS: the application logged the denied resource", glyphs),
    ...section(report, "unverified", "UNVERIFIED: let through, but the log does not say as what", glyphs),
    ...section(report, "reached", "UNDER ANOTHER NAME: look whether the application serves it", glyphs),
    ...(report.canTell
      ? []
      : [
          [],
          [seg(`cannot tell: ${sanitize(report.service)} logs nothing of what it is asked for`, "warn")],
          [seg("  let it log method and path of each request, or use --echo when its answers repeat them", "dim")],
        ]),
    ...(report.lostEvents > 0 ? [[], [seg(`${report.lostEvents} events were lost: hits may be missing`, "warn")]] : []),
  ];
}

function headline({ service, port, counts, canTell, plain }: ProbeReport): Line {
  const nothing = plain.length === 0;
  const [words, tone]: readonly [string, Tone] =
    counts.hit > 0
      ? ["GOT THROUGH", "bad"]
      : nothing
        ? ["NOTHING TO PROBE", "warn"]
        : canTell
          ? ["HELD", "good"]
          : ["CANNOT TELL", "warn"];
  return [seg(words, tone), seg(`  ${sanitize(service)}:${port}`, "strong")];
}

function plainLines({ plain }: ProbeReport, glyphs: Glyphs, columns: number): readonly Line[] {
  const rows = plain.map(({ caller, to, target, verdict, status }) => [
    seg(sanitize(`${target.method} ${target.path}`), "strong"),
    seg(sanitize(`${callerName(caller)} ${glyphs.arrow} ${to}`)),
    seg(verdict, verdict === "refused" ? "good" : "warn"),
    seg(status === null ? "" : String(status)),
    seg(sanitize(target.rule ?? ""), "dim"),
  ]);
  const titles = ["RESOURCE", "FROM", "AS IT IS", "STATUS", "NAMED BY"];
  return rows.length === 0
    ? []
    : tableLines(
        titles.map((title, at) => ({ title, priority: at > 3 ? 1 : 0 })),
        rows,
        columns,
      );
}

function section(
  { findings }: ProbeReport,
  outcome: ProbeFinding["outcome"],
  title: string,
  glyphs: Glyphs,
): readonly Line[] {
  const all = findings.filter((finding) => finding.outcome === outcome);
  if (all.length === 0) return [];
  // The same attempt by several ways is one row.
  const groups = [
    ...Map.groupBy(all, ({ target, request, technique, name }) =>
      [target.path, request, technique, name].join(" "),
    ).values(),
  ];
  const shown = outcome === "hit" ? groups : groups.slice(0, shownOthers);
  const rest = groups.length - shown.length;
  return [
    [],
    [seg(title, tones[outcome])],
    ...shown.flatMap((group) => groupLines(group, glyphs)),
    ...(rest > 0 ? [[seg(`  and ${rest} more; -o json shows all`, "dim")]] : []),
  ];
}

/** One attempt, the ways in which it worked, and of the first of them what proves it. */
function groupLines(group: readonly ProbeFinding[], glyphs: Glyphs): readonly Line[] {
  const [first] = group;
  if (first === undefined) return [];
  const ways = group.map(({ caller, to }) => `${callerName(caller)} ${glyphs.arrow} ${to}`).join(", ");
  const taken = first.seen === null ? "" : `taken for ${first.seen}  `;
  return [
    [
      seg(`  ${first.technique}: ${sanitize(first.name)}`, "strong"),
      seg(`  ${sanitize(first.request)}  ${first.status ?? "no answer"}  ${sanitize(ways)}`),
    ],
    [
      seg(`    ${sanitize(taken)}`),
      ...(first.log === null ? [] : [seg(logWords(first.log), "dim")]),
      ...(first.event === null ? [] : [seg(`  meshdev why ${first.event}`, "info")]),
    ],
  ];
}

function logWords({ workload, source, line }: NonNullable<ProbeFinding["log"]>): string {
  return `${sanitize(workload)} ${source === "log" ? "logged" : "answered"} ${sanitize(line)}`;
}

function callerName(caller: string | null): string {
  return caller ?? "nobody";
}

import type { CaseReport, TestReport } from "../door.ts";
import { explainedLines } from "./cause.ts";
import type { Glyphs } from "./glyphs.ts";
import { place } from "./place.ts";
import { sanitize } from "./sanitize.ts";
import { seg, type Line } from "./segment.ts";

/** The cases that failed, each with the policy that decided and the nearest miss; then a line per file. */
export function testLines(report: TestReport, glyphs: Glyphs): readonly Line[] {
  const told = report.cases.filter(({ failures, disagreement }) => failures.length > 0 || disagreement !== null);
  return [...told.flatMap((each) => [...caseLines(each, glyphs), []]), ...fileLines(report, glyphs)];
}

function caseLines(report: CaseReport, glyphs: Glyphs): readonly Line[] {
  const { name, at, failures, disagreement, offline, live } = report;
  const outcome =
    live !== null && (offline === null || failures.every((text) => text.startsWith("live"))) ? live : offline;
  return [
    [
      seg(`${glyphs.missed} `, "bad"),
      seg(place(at), "info"),
      seg(`  ${sanitize(name).replace(" -> ", ` ${glyphs.arrow} `)}`, "strong"),
    ],
    ...failures.map((text): Line => [seg(`  ${sanitize(text)}`, "bad")]),
    ...(disagreement === null ? [] : [[seg(`  engine and sidecars disagree: ${sanitize(disagreement)}`, "bad")]]),
    ...(outcome === null
      ? []
      : [
          ...outcome.because.map((because): Line => [
            seg("  because of "),
            seg(sanitize(because.resource), "strong"),
            seg(` ${place(because)}`, "info"),
          ]),
          ...(outcome.decision === null ? [] : explainedLines(outcome.decision).map(indented)),
        ]),
  ];
}

function indented(line: Line): Line {
  return [seg("  "), ...line];
}

function fileLines({ files, cases }: TestReport, glyphs: Glyphs): readonly Line[] {
  return files.flatMap((path): readonly Line[] => {
    const own = cases.filter(({ at }) => at.file === path);
    const failed = own.filter(({ failures }) => failures.length > 0).length;
    const reasons = new Set(own.flatMap(({ skipped }) => skipped ?? []));
    const head: Line = [
      seg(`${failed > 0 ? glyphs.missed : glyphs.held} `, failed > 0 ? "bad" : "good"),
      seg(sanitize(path)),
      seg(
        `  ${failed > 0 ? `${failed} of ` : ""}${own.length} case${own.length === 1 ? "" : "s"}${failed > 0 ? " failed" : ""}`,
        "dim",
      ),
    ];
    return [
      head,
      ...[...reasons].map((reason): Line => {
        const count = own.filter(({ skipped }) => skipped === reason).length;
        return [seg(`    ${count} not asked live: ${sanitize(reason)}`, "warn")];
      }),
    ];
  });
}

/** `12 passed, 1 failed` */
export function countsLine({ counts, engine }: TestReport): Line {
  const { passed, failed, skipped, disagreements } = counts;
  return [
    seg(`${passed} passed`, passed > 0 ? "good" : "dim"),
    seg(`, ${failed} failed`, failed > 0 ? "bad" : "dim"),
    ...(skipped > 0 ? [seg(`, ${skipped} skipped`, "warn")] : []),
    ...(disagreements > 0 ? [seg(`, ${disagreements} disagreements`, "bad")] : []),
    seg(`  ${engine}`, "dim"),
  ];
}

import type { CaseReport, TestReport } from "../door.ts";

/** JUnit's XML, as CI servers read it: a suite per file, a case per case. */
export function junitXml({ files, cases }: TestReport): string {
  const suites = files.map((path) =>
    suiteXml(
      path,
      cases.filter(({ at }) => at.file === path),
    ),
  );
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="meshdev test"${countsOf(cases)}>\n${suites.join("")}</testsuites>\n`;
}

function suiteXml(path: string, cases: readonly CaseReport[]): string {
  return `  <testsuite name="${escape(path)}"${countsOf(cases)}>\n${cases.map(caseXml).join("")}  </testsuite>\n`;
}

function countsOf(cases: readonly CaseReport[]): string {
  const failed = cases.filter(({ failures }) => failures.length > 0).length;
  const errors = cases.filter(({ failures, disagreement }) => failures.length === 0 && disagreement !== null).length;
  return ` tests="${cases.length}" failures="${failed}" errors="${errors}" skipped="${cases.filter(isSkipped).length}"`;
}

function isSkipped({ offline, live }: CaseReport): boolean {
  return offline === null && live === null;
}

function caseXml(report: CaseReport): string {
  const { name, at, failures, disagreement, skipped } = report;
  const head = `    <testcase classname="${escape(at.file)}" name="${escape(name)}" file="${escape(at.file)}" line="${at.line}"`;
  const [first] = failures;
  const parts = [
    ...(first === undefined
      ? []
      : [`<failure message="${escape(first)}">${escape([...failures, ...placesOf(report)].join("\n"))}</failure>`]),
    ...(first === undefined && disagreement !== null
      ? [`<error message="the engine and the sidecars disagree">${escape(disagreement)}</error>`]
      : []),
    ...(isSkipped(report) ? [`<skipped message="${escape(skipped ?? "")}"/>`] : []),
  ];
  return parts.length === 0
    ? `${head}/>\n`
    : `${head}>\n${parts.map((part) => `      ${part}\n`).join("")}    </testcase>\n`;
}

/** Where it is written: the case, and the policy that decided. */
function placesOf({ at, offline, live }: CaseReport): readonly string[] {
  const by = (offline ?? live)?.by;
  const decided =
    by === null || by === undefined ? [] : [`decided by ${by.resource} ${by.file}:${by.line}:${by.column}`];
  return [...decided, `at ${at.file}:${at.line}:${at.column}`];
}

/** Text in XML 1.0: what it cannot hold at all becomes U+FFFD. */
function escape(text: string): string {
  const named: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
  return text
    .toWellFormed()
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, "\ufffd")
    .replace(/[&<>"]/g, (character) => named[character] ?? character)
    .replace(/[\t\n\r]/g, (character) => `&#${character.charCodeAt(0)};`);
}

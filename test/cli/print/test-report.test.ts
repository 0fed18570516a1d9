import { describe, expect, it } from "vitest";
import { junitXml } from "../../../cli/print/junit.ts";
import { tapText } from "../../../cli/print/tap.ts";
import { countsLine, testLines } from "../../../cli/print/test-report.ts";
import { asciiGlyphs } from "../../../cli/print/glyphs.ts";
import { lineText } from "../../../cli/print/segment.ts";
import type { CaseReport, TestReport } from "../../../cli/door.ts";

const outcome = {
  verdict: "allow",
  status: null,
  summary: "200",
  by: { resource: "AuthorizationPolicy default/a", rule: 0, file: "mesh/a.yaml", line: 7, column: 5 },
  decision: null,
  because: [],
} as const;

function report(name: string, change: Partial<CaseReport> = {}): CaseReport {
  return {
    name,
    at: { file: "a.mesh-test.yaml", line: 3, column: 5 },
    call: { from: "a", to: "b", method: "GET", path: "/", port: undefined, headers: [] },
    expected: { verdict: "deny", by: undefined, status: undefined },
    offline: outcome,
    live: null,
    failures: [],
    skipped: null,
    disagreement: null,
    ...change,
  };
}

const cases = [
  report("a -> b GET /"),
  report(`"quoted" & <tag> \u0007 \ud800 # 1`, { failures: ["expected deny, actual allow: <200>", "second\nline"] }),
  report("other", { offline: null, skipped: "no real sidecar #here" }),
  report("bug", { disagreement: "offline allow, live deny" }),
];
const whole: TestReport = {
  directory: "/p",
  engine: "both",
  files: ["a.mesh-test.yaml"],
  cases,
  counts: { cases: 4, passed: 2, failed: 1, skipped: 1, disagreements: 1 },
  coverage: null,
  mutation: null,
};

describe("a test report", () => {
  it("tells what failed, with its place, and counts the rest", () => {
    const text = testLines(whole, asciiGlyphs).map(lineText).join("\n");
    expect(text).toContain('x a.mesh-test.yaml:3:5  "quoted" & <tag>');
    expect(text).toContain("  expected deny, actual allow: <200>");
    expect(text).toContain("engine and sidecars disagree: offline allow, live deny");
    expect(text).toContain("1 of 4 cases failed");
    expect(text).toContain("1 not asked live: no real sidecar #here");
    expect(lineText(countsLine(whole))).toBe("2 passed, 1 failed, 1 skipped, 1 disagreements  both");
  });

  it("is well-formed XML whatever its texts hold", () => {
    const xml = junitXml(whole);
    expect(xml).toContain('tests="4" failures="1" errors="1" skipped="1"');
    expect(xml).toContain('name="&quot;quoted&quot; &amp; &lt;tag&gt; \ufffd \ufffd # 1"');
    expect(xml).toContain('<failure message="expected deny, actual allow: &lt;200&gt;">');
    expect(xml).toContain("second&#10;line&#10;decided by AuthorizationPolicy default/a mesh/a.yaml:7:5");
    expect(xml).toContain('<skipped message="no real sidecar #here"/>');
    expect(
      xml.replaceAll(
        /<[?/]?[a-z]+( [a-z]+="[^"<>&]*(&(amp|lt|gt|quot|#\d+);[^"<>&]*)*")*[?/]?>|&(amp|lt|gt|quot|#\d+);/g,
        "",
      ),
    ).not.toMatch(/[<>&]/);
  });

  it("is TAP: names and directives do not mix", () => {
    const lines = tapText(whole).split("\n");
    expect(lines.slice(0, 3)).toEqual(["TAP version 14", "1..4", "ok 1 - a.mesh-test.yaml:3 a -> b GET /"]);
    expect(lines[3]).toContain('not ok 2 - a.mesh-test.yaml:3 "quoted" & <tag>');
    expect(lines[3]).toMatch(/\\# 1$/);
    expect(lines).toContain('  message: "expected deny, actual allow: <200>; second\\nline"');
    expect(lines).toContain('  decidedBy: "AuthorizationPolicy default/a mesh/a.yaml:7:5"');
    expect(lines).toContain("ok 3 - a.mesh-test.yaml:3 other # SKIP no real sidecar #here");
    expect(lines).toContain('  message: "offline allow, live deny"');
  });
});

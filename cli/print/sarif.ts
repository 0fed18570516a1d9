import { codes } from "../../runtime/core/codes.ts";
import type { Problem } from "../../runtime/core/problem.ts";

const levels = { error: "error", warning: "warning", info: "note" } as const;

/** A SARIF 2.1.0 log with one run: what code scanning services read. */
export function sarifLog(problems: readonly Problem[], version: string): unknown {
  const ids = [...new Set(problems.map(({ code }) => code))].toSorted();
  return {
    $schema: "https://json.schemastore.org/sarif-2.1.0.json",
    version: "2.1.0",
    runs: [
      {
        tool: {
          driver: {
            name: "meshdev",
            version,
            rules: ids.map((id) => ({
              id,
              shortDescription: { text: codes[id].title },
              fullDescription: { text: codes[id].why },
              help: { text: codes[id].next },
            })),
          },
        },
        columnKind: "utf16CodeUnits",
        results: problems.map((problem) => ({
          ruleId: problem.code,
          ruleIndex: ids.indexOf(problem.code),
          level: levels[problem.severity],
          message: { text: problem.hint === undefined ? problem.message : `${problem.message}. ${problem.hint}` },
          locations: [locationOf(problem)],
        })),
      },
    ],
  };
}

function locationOf({ at, excerpt, resource }: Problem): unknown {
  return {
    ...(at === undefined
      ? {}
      : {
          physicalLocation: {
            artifactLocation: { uri: at.file.split("/").map(encodeURIComponent).join("/") },
            region: {
              startLine: at.line,
              startColumn: at.column,
              ...(excerpt === undefined ? {} : { endColumn: at.column + Math.max(1, excerpt.to - excerpt.from) }),
            },
          },
        }),
    ...(resource === undefined ? {} : { logicalLocations: [{ fullyQualifiedName: resource, kind: "resource" }] }),
  };
}

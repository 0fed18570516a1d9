import type { Coverage, MutationReport } from "../door.ts";
import type { Glyphs } from "./glyphs.ts";
import { place } from "./place.ts";
import { sanitize } from "./sanitize.ts";
import { seg, type Line } from "./segment.ts";

/** What of the policies the cases were held against: a line per file, then what is missing. */
export function coverageLines({ files, uncovered }: Coverage): readonly Line[] {
  const width = Math.max(0, ...files.map(({ file }) => file.length));
  const share = ({ covered, total }: { readonly covered: number; readonly total: number }, word: string): Line => [
    seg(`  ${word} `, "dim"),
    seg(`${covered} of ${total}`, covered === total ? "good" : "warn"),
  ];
  return [
    [],
    [seg("coverage", "strong"), seg("  rules and clauses that matched a request and missed another", "dim")],
    ...files.map(({ file, policies, rules, clauses }): Line => [
      seg(`  ${sanitize(file).padEnd(width)}`),
      ...share(policies, "policies"),
      ...share(rules, "rules"),
      ...share(clauses, "clauses"),
    ]),
    ...uncovered.map((each): Line => [
      seg("  "),
      seg(place(each), "info"),
      seg(`  ${each.missing}`, "warn"),
      seg(`  ${sanitize(each.resource)}`),
      ...(each.rule === null ? [] : [seg(` rule ${each.rule}`)]),
      ...(each.clause === null ? [] : [seg(` ${sanitize(each.clause)}`)]),
    ]),
  ];
}

/** Mutants that no case saw, each with a case that would. */
export function mutationLines(report: MutationReport, glyphs: Glyphs): readonly Line[] {
  const { mutants, killed, survived, equivalent, unreachable } = report;
  return [
    [],
    [
      seg("mutants", "strong"),
      seg(`  ${killed} of ${mutants - equivalent - unreachable} were seen`, survived.length === 0 ? "good" : "warn"),
      ...(equivalent === 0 ? [] : [seg(`, ${equivalent} make no difference`, "dim")]),
      ...(unreachable === 0 ? [] : [seg(`, ${unreachable} only to callers that this mesh does not have`, "dim")]),
    ],
    ...survived.flatMap(({ resource, at, change, example }): readonly Line[] => [
      [
        seg(`  ${glyphs.missed} `, "bad"),
        seg(place(at), "info"),
        seg(`  ${sanitize(resource)}: `),
        seg(sanitize(change), "strong"),
      ],
      ...(example === null ? [] : [[seg("      would be seen by  ", "dim"), seg(sanitize(example))]]),
    ]),
  ];
}

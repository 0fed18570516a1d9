import type { SuggestionReport, SuggestReport } from "../door.ts";
import type { Glyphs } from "./glyphs.ts";
import { place } from "./place.ts";
import { sanitize } from "./sanitize.ts";
import { seg, type Line, type Tone } from "./segment.ts";

/** What `meshdev suggest` says, on the screen as in the terminal. */
export function suggestLines(report: SuggestReport, glyphs: Glyphs): readonly Line[] {
  const { call, verdict, summary, advice, suggestions } = report;
  const what = call.tcp === undefined ? `${call.method} ${call.path}` : "TCP";
  return [
    [
      seg(verdict.toUpperCase(), verdict === "allow" ? "good" : "bad"),
      seg("  predicted  ", "dim"),
      seg(`${sanitize(call.from)} ${glyphs.arrow} ${sanitize(call.to)}  ${sanitize(what)}`, "strong"),
    ],
    [seg(`  ${sanitize(summary)}`)],
    ...advice.flatMap(({ text, at }): readonly Line[] => [
      [seg(`  ${glyphs.arrow} ${sanitize(text)}`, "info")],
      ...at.map((each): Line => [seg(`      ${sanitize(each.resource)} ${place(each)}`, "dim")]),
    ]),
    ...(verdict === "allow" ? [[seg("  Policies allow it as they are: there is nothing to edit.")]] : []),
    ...(verdict === "deny" && suggestions.length === 0 && advice.length === 0
      ? [[seg("  No small edit of the policies' text would allow it.")]]
      : []),
    ...suggestions.flatMap((suggestion, index) => suggestionLines(suggestion, index + 1)),
  ];
}

function suggestionLines(suggestion: SuggestionReport, number: number): readonly Line[] {
  const { parts, diff, dangerous } = suggestion;
  return [
    [],
    ...parts.flatMap((part, index): readonly Line[] => [
      [seg(index === 0 ? `${number}  ` : "   and ", "strong"), seg(sanitize(part.what), "strong")],
      [seg(`   ${sanitize(part.resource)} `, "dim"), seg(place(part), "info")],
    ]),
    ...(dangerous ? [[seg("   DANGEROUS: whoever reaches the port without mutual TLS is taken in", "bad")]] : []),
    ...diff
      .trimEnd()
      .split("\n")
      .map((line): Line => [seg(`   ${sanitize(line)}`, toneOf(line))]),
    ...openedLines(suggestion),
  ];
}

function toneOf(line: string): Tone {
  if (/^(?:---|\+\+\+|@@)/.test(line)) return "dim";
  if (line.startsWith("+")) return "good";
  return line.startsWith("-") ? "bad" : "plain";
}

function openedLines({ opens, cut }: SuggestionReport): readonly Line[] {
  if (opens.length === 0 && cut.length === 0)
    return [[seg("   opens nothing else: only how its caller speaks changes")]];
  const classes = opens.toSorted((a, b) => Number(b.asked) - Number(a.asked));
  return [
    [seg("   opens"), seg("  (* the call is one of these)", "dim")],
    ...classes.map(({ workloads, ports, layer, conditions, asked, after }): Line => {
      const where = `${workloads.join(", ")} port ${ports.map((port) => port ?? "any other").join(", ")}`;
      const said = conditions.map(({ dimension, text }) => `${dimension} ${text}`).join("; ");
      return [
        seg(`     ${asked ? "*" : "-"} ${sanitize(where)}${layer === "tcp" ? " TCP" : ""}`),
        seg(`: ${said === "" ? "everything" : sanitize(said)}`, "strong"),
        ...(after.verdict === "depends" ? [seg(" (if its authorizer agrees)", "dim")] : []),
      ];
    }),
    ...cut.map((text): Line => [seg(`     not complete: ${sanitize(text)}`, "warn")]),
  ];
}

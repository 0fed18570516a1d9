import { createInterface } from "node:readline/promises";
import { MeshError } from "../../runtime/core/error.ts";
import { callOf, type Question, type QuestionOptions, tokenOf } from "../call-question.ts";
import type { Context } from "../context.ts";
import { chooseProject, type ProjectOptions } from "../discovery.ts";
import { type Door, openDoor, type SuggestionReport, type SuggestReport } from "../door.ts";
import { exitCodes } from "../exit-code.ts";
import { findEvent } from "../find-event.ts";
import { isCall } from "../suggest-text.ts";
import { chosenOutput, createPrinter, type OutputOptions } from "../print/printer.ts";
import { seg } from "../print/segment.ts";
import { suggestLines } from "../print/suggestions.ts";
import { requireSession } from "../session.ts";

export interface SuggestOptions extends ProjectOptions, OutputOptions, QuestionOptions {
  /** Number of a suggestion; true: the first. */
  readonly apply?: number | true;
  readonly yes?: boolean;
}

/** What the words mean: none or one is an event, more are a call. */
export type SuggestWords = readonly [from?: string, to?: string, method?: string, path?: string];

export async function suggest(words: SuggestWords, options: SuggestOptions, context: Context): Promise<number> {
  const door = await openDoor();
  const { directory, report } = await ask(door, words, options, context);
  const printer = createPrinter(context, options.color);
  const isJson = chosenOutput(options) === "json";
  if (!isJson) printer.lines(suggestLines(report, printer.glyphs));
  const chosen = options.apply === undefined ? undefined : chooseOne(report, options.apply);
  const wanted = chosen !== undefined && (await isConfirmed(chosen, options, context));
  if (chosen !== undefined && wanted) {
    await door.applySuggestion(directory, chosen);
    printer.note(chosen.files.map(({ path }) => [seg(`written: ${path}`, "good")]));
  }
  if (isJson) {
    printer.json({
      schemaVersion: 1,
      ...report,
      suggestions: report.suggestions.map((each) => ({ ...each, files: each.files.map(({ path }) => path) })),
      applied: chosen !== undefined && wanted ? report.suggestions.indexOf(chosen) + 1 : null,
    });
  }
  const isAnswered = report.verdict === "allow" || report.suggestions.length > 0;
  return isAnswered ? exitCodes.ok : exitCodes.findings;
}

async function ask(
  door: Door,
  words: SuggestWords,
  options: SuggestOptions,
  context: Context,
): Promise<{ readonly directory: string; readonly report: SuggestReport }> {
  const [from, to, method = "GET", path = "/"] = words;
  if (from !== undefined && to !== undefined) {
    const { directory, chosen } = chooseProject(context.cwd, options);
    const question: Question = { from, to, method, path };
    const about = { kind: "call", call: callOf(question, options), token: tokenOf(options, context) } as const;
    return { directory, report: await door.suggest(directory, { chosen, about }) };
  }
  const session = await requireSession(door, context, options.directory);
  await using client = await door.connect(session);
  // A handshake that failed of itself is no matter of policies: what was denied before it is.
  const denied = from === undefined ? await client.event("last-denial") : undefined;
  const event = denied ?? (await findEvent(client, from));
  if (denied === undefined && from === undefined)
    throw new MeshError("MD8005", `no policy refused anything so far; the last refusal is ${event.id}`, {
      hint: "Explain it with `meshdev why`, or name a call: from, to, method and path.",
    });
  if (!isCall(event))
    throw new MeshError("MD8005", `${event.id} is no request, connection or handshake`, {
      hint: "Explain it with `meshdev why`.",
    });
  const { directory } = session;
  return { directory, report: await door.suggest(directory, { about: { kind: "event", event } }) };
}

function chooseOne({ suggestions, verdict }: SuggestReport, apply: number | true): SuggestionReport | undefined {
  if (verdict === "allow") return undefined;
  const number = apply === true ? 1 : apply;
  const chosen = suggestions[number - 1];
  if (chosen === undefined)
    throw new MeshError(
      "MD8001",
      suggestions.length === 0 ? "there is no edit to apply" : `there is no edit ${number}`,
      {
        hint: "Read what is said above: --apply takes the number of an edit.",
      },
    );
  return chosen;
}

/** Asks where somebody can answer; where nobody can, only --yes is a yes. */
async function isConfirmed({ files }: SuggestionReport, { yes }: SuggestOptions, context: Context): Promise<boolean> {
  if (yes === true) return true;
  if (!context.isTerminal || !process.stdin.isTTY)
    throw new MeshError("MD8001", "--apply changes files, and nobody can be asked here", { hint: "Add --yes." });
  const asking = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const paths = files.map(({ path }) => path).join(", ");
    const answer = await asking.question(`Write it into ${paths}? [y/N] `, { signal: context.signal });
    return /^y(?:es)?$/i.test(answer.trim());
  } finally {
    asking.close();
  }
}

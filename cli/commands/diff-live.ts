import { resolve } from "node:path";
import { MeshError } from "../../runtime/core/error.ts";
import type { FlipsAnswer, FlipsQuestion } from "../../runtime/model/flips.ts";
import type { Context } from "../context.ts";
import { openDoor } from "../door.ts";
import { exitCodes } from "../exit-code.ts";
import { flipsLines, nothingSaved } from "../print/flips.ts";
import { chosenOutput, createPrinter, type OutputOptions } from "../print/printer.ts";
import { requireSession } from "../session.ts";

export interface DiffLiveOptions extends OutputOptions {
  readonly directory?: string;
  readonly failOnChange?: boolean;
}

/** What a change means for the calls that the running mesh has seen. */
export async function diffLive(asked: FlipsQuestion, options: DiffLiveOptions, context: Context): Promise<number> {
  const door = await openDoor();
  const session = await requireSession(door, context, options.directory);
  const client = await door.connect(session);
  const question =
    asked.kind === "draft" ? { ...asked, paths: asked.paths.map((path) => resolve(context.cwd, path)) } : asked;
  const { comparison } = requireAnswer(await client.flips(question), question);
  const printer = createPrinter(context, options.color);
  if (chosenOutput(options) === "json") printer.json({ schemaVersion: 1, comparison });
  else printer.lines(comparison === null ? nothingSaved : flipsLines(comparison, printer.glyphs));
  return options.failOnChange === true && (comparison?.flipped ?? 0) > 0 ? exitCodes.findings : exitCodes.ok;
}

function requireAnswer(answer: FlipsAnswer, { kind }: FlipsQuestion): Extract<FlipsAnswer, { readonly ok: true }> {
  if (answer.ok) return answer;
  const { message, hint, problems } = answer;
  throw new MeshError(kind === "draft" ? "MD8010" : "MD8005", message, {
    problems,
    ...(hint === undefined ? {} : { hint }),
  });
}

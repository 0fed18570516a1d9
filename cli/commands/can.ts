import { MeshError } from "../../runtime/core/error.ts";
import type { Context } from "../context.ts";
import { chooseProject, type ProjectOptions } from "../discovery.ts";
import { exitCodes } from "../exit-code.ts";
import { explainedLines } from "../print/cause.ts";
import { place } from "../print/place.ts";
import { chosenOutput, createPrinter, type OutputOptions } from "../print/printer.ts";
import { callWords } from "../print/question.ts";
import { sanitize } from "../print/sanitize.ts";
import { seg, type Line } from "../print/segment.ts";
import { callOf, type Question, type QuestionOptions, tokenOf } from "../call-question.ts";
import { openDoor } from "../door.ts";
import { requireMesh } from "../valid-mesh.ts";

export interface CanOptions extends ProjectOptions, OutputOptions, QuestionOptions {
  readonly expect?: "allow" | "deny";
}

/** Who calls whom; only a matrix does without. @throws MeshError MD8001 */
export function requireParties(from: string | undefined, to: string | undefined): Pick<Question, "from" | "to"> {
  if (from !== undefined && to !== undefined) return { from, to };
  throw new MeshError("MD8001", "can needs who calls and who is called", {
    hint: "`meshdev can frontend backend GET /api`, or `meshdev can --matrix` for all of them.",
  });
}

const tones = { allow: "good", deny: "bad", depends: "warn" } as const;

export async function can(question: Question, options: CanOptions, context: Context): Promise<number> {
  const project = chooseProject(context.cwd, options);
  const door = await openDoor();
  const mesh = await requireMesh(door, project);
  const call = callOf(question, options);
  const prediction = await door.predict(mesh, call, project.directory, tokenOf(options, context));
  const printer = createPrinter(context, options.color);
  const held = options.expect === undefined || options.expect === prediction.verdict;
  if (chosenOutput(options) === "json") {
    const { judged: _all, ...details } = prediction.details;
    printer.json({
      schemaVersion: 1,
      predicted: true,
      call,
      verdict: prediction.verdict,
      summary: prediction.summary,
      expected: options.expect ?? null,
      decision: prediction.decision,
      details,
    });
  } else {
    printer.lines([
      [
        seg(prediction.verdict.toUpperCase(), tones[prediction.verdict]),
        seg("  predicted  ", "dim"),
        callWords(call, printer.glyphs),
      ],
      [seg(`  ${sanitize(prediction.summary)}`)],
      ...prediction.details.because.map((because): Line => [
        seg("  because of "),
        seg(sanitize(because.resource), "strong"),
        seg(` ${place(because)}`, "info"),
      ]),
      ...(prediction.decision === null ? [] : explainedLines(prediction.decision)),
    ]);
    if (!held) printer.note([[seg(`expected ${options.expect ?? ""}, policy says ${prediction.verdict}`, "bad")]]);
  }
  return held ? exitCodes.ok : exitCodes.findings;
}

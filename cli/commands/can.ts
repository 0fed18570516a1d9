import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { MeshError } from "../../runtime/core/error.ts";
import type { Context } from "../context.ts";
import { findProject } from "../discovery.ts";
import { exitCodes } from "../exit-code.ts";
import { explainedLines } from "../print/cause.ts";
import { place } from "../print/place.ts";
import { chosenOutput, createPrinter, type OutputOptions } from "../print/printer.ts";
import { sanitize } from "../print/sanitize.ts";
import { seg, type Line } from "../print/segment.ts";
import { type CallToken, openDoor } from "../door.ts";
import { bareName } from "../options.ts";
import { requireMesh } from "../valid-mesh.ts";
import { parseClaims } from "./token.ts";

export interface CanOptions extends OutputOptions {
  readonly directory?: string;
  readonly file?: string;
  readonly expect?: "allow" | "deny";
  readonly port?: number;
  readonly header?: readonly string[];
  /** File with a token; `-` is stdin. */
  readonly jwt?: string;
  readonly claim?: readonly string[];
}

export interface Question {
  readonly from: string;
  readonly to: string;
  readonly method: string;
  readonly path: string;
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
  const directory = findProject(context.cwd, options.directory);
  const headers = (options.header ?? []).map(parseHeader);
  const door = await openDoor();
  const mesh = await requireMesh(door, directory, options.file);
  const call = { ...question, from: bareName(question.from), to: bareName(question.to), port: options.port, headers };
  const prediction = await door.predict(mesh, call, directory, tokenOf(options, context));
  const printer = createPrinter(context, options.color);
  const held = options.expect === undefined || options.expect === prediction.verdict;
  if (chosenOutput(options) === "json") {
    printer.json({
      schemaVersion: 1,
      predicted: true,
      call,
      verdict: prediction.verdict,
      summary: prediction.summary,
      expected: options.expect ?? null,
      decision: prediction.decision,
      details: prediction.details,
    });
  } else {
    const { glyphs } = printer;
    printer.lines([
      [
        seg(prediction.verdict.toUpperCase(), tones[prediction.verdict]),
        seg("  predicted  ", "dim"),
        seg(
          `${sanitize(call.from)} ${glyphs.arrow} ${sanitize(call.to)}  ${sanitize(call.method)} ${sanitize(call.path)}`,
          "strong",
        ),
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

function tokenOf({ jwt, claim }: CanOptions, context: Context): CallToken | undefined {
  if (jwt !== undefined && claim !== undefined)
    throw new MeshError("MD8001", "--jwt and --claim exclude each other: a token says by itself what it claims");
  if (claim !== undefined) return { kind: "claims", claims: parseClaims(claim) };
  if (jwt === undefined) return undefined;
  try {
    const text = readFileSync(jwt === "-" ? 0 : resolve(context.cwd, jwt), "utf8");
    return { kind: "token", token: text.trim() };
  } catch (error) {
    throw new MeshError("MD8001", `the token in ${jwt} cannot be read: ${String(error)}`, { cause: error });
  }
}

function parseHeader(text: string): readonly [string, string] {
  const at = text.indexOf(":");
  if (at <= 0) throw new MeshError("MD8001", `--header needs \`name: value\`, not ${text}`);
  return [text.slice(0, at).trim().toLowerCase(), text.slice(at + 1).trim()];
}

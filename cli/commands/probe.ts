import { MeshError } from "../../runtime/core/error.ts";
import type { Context } from "../context.ts";
import { openDoor, type ProbeReport } from "../door.ts";
import { exitCodes } from "../exit-code.ts";
import { bareName } from "../options.ts";
import { chosenOutput, createPrinter, type OutputOptions } from "../print/printer.ts";
import { probeLines } from "../print/probe.ts";
import { seg } from "../print/segment.ts";
import { requireSession } from "../session.ts";

export interface ProbeOptions extends OutputOptions {
  readonly directory?: string;
  readonly from?: readonly string[];
  readonly port?: number;
  readonly rate: number;
  readonly timeout?: number;
  readonly echo?: boolean;
  readonly failOn: "hit" | "unverified" | "reached" | "never";
}

export interface ProbeQuestion {
  readonly to: string;
  readonly method: string | undefined;
  readonly path: string | undefined;
}

const defaultPatienceMs = 2_000;

/** Tries to get around the policies of a service; 4 when something reached its program. */
export async function probe(question: ProbeQuestion, options: ProbeOptions, context: Context): Promise<number> {
  const target = targetOf(question);
  const door = await openDoor();
  const session = await requireSession(door, context, options.directory);
  await using client = await door.connect(session);
  const printer = createPrinter(context, options.color);
  const isJson = chosenOutput(options) === "json";
  if (!isJson)
    printer.note([[seg("asking for what is denied, as attackers do; every request stays on this machine", "dim")]]);
  const report = await door.probe(
    session,
    client,
    {
      service: bareName(question.to),
      target,
      from: (options.from ?? []).map(bareName),
      port: options.port,
      perSecond: options.rate,
      patienceMs: options.timeout ?? defaultPatienceMs,
      echo: options.echo === true,
    },
    context.signal,
  );
  if (isJson) printer.json({ schemaVersion: 1, ...report });
  else printer.lines(probeLines(report, printer.glyphs, printer.look.columns));
  return isFailure(report, options.failOn) ? exitCodes.findings : exitCodes.ok;
}

/** Each choice fails for what the one before it fails for, and more. */
function isFailure({ counts }: ProbeReport, failOn: ProbeOptions["failOn"]): boolean {
  if (failOn === "never") return false;
  const unverified = failOn === "hit" ? 0 : counts.unverified;
  return counts.hit + unverified + (failOn === "reached" ? counts.reached : 0) > 0;
}

function targetOf({ method, path }: ProbeQuestion): { readonly method: string; readonly path: string } | undefined {
  if (method === undefined) return undefined;
  if (path === undefined || !path.startsWith("/") || /[?#\s]/.test(path))
    throw new MeshError("MD8001", "a denied resource is a method and a path without query, such as GET /admin");
  if (!/^[A-Z]+$/.test(method)) throw new MeshError("MD8001", `${method} is no method; write it in capitals`);
  return { method, path };
}

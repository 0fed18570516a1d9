import { MeshError } from "../../runtime/core/error.ts";
import type { MeshEvent } from "../../runtime/model/event.ts";
import type { QuestionOptions } from "../call-question.ts";
import type { Context } from "../context.ts";
import type { ProjectOptions } from "../discovery.ts";
import { openDoor } from "../door.ts";
import { exitCodes } from "../exit-code.ts";
import { findEvent } from "../find-event.ts";
import { chosenOutput, createPrinter, type OutputOptions } from "../print/printer.ts";
import { requireSession } from "../session.ts";
import { causeInFiles, causeSources, whyLines } from "../why-text.ts";
import { whyCall } from "./why-call.ts";

export interface WhyOptions extends ProjectOptions, QuestionOptions, OutputOptions {
  /** Send the call for real. */
  readonly live?: boolean;
  /** Milliseconds to wait for a mesh that is started for the call. */
  readonly timeout?: number;
}

const callOnly = ["port", "header", "jwt", "claim", "tls", "tcp"] as const;

/** `words`: nothing for the last refusal, the id of an event, or a call: from, to, method, path. */
export async function why(words: readonly string[], options: WhyOptions, context: Context): Promise<number> {
  const [first, to, method = "GET", path = "/", ...more] = words;
  if (more.length > 0) throw new MeshError("MD8001", "a call is told by at most four words: from, to, method, path");
  if (first !== undefined && to !== undefined) return whyCall({ from: first, to, method, path }, options, context);
  const [misplaced] = [...callOnly, "live" as const].filter((name) => options[name] !== undefined);
  if (misplaced !== undefined)
    throw new MeshError("MD8001", `--${misplaced} shapes a call, and an event has happened already`, {
      hint: "Name the call: `meshdev why web orders GET /`.",
    });
  return whyEvent(first, options, context);
}

async function whyEvent(id: string | undefined, options: WhyOptions, context: Context): Promise<number> {
  const door = await openDoor();
  const session = await requireSession(door, context, options.directory);
  const client = await door.connect(session);
  const event = await findEvent(client, id);
  const printer = createPrinter(context, options.color);
  if (chosenOutput(options) === "json") {
    const known = await causeSources(client, event);
    printer.json({
      schemaVersion: 1,
      predicted: false,
      outcome: outcomeOf(event),
      cause: (await causeInFiles(event, known, session.directory)) ?? null,
      decision: "decision" in event ? event.decision : null,
      call: null,
      summary: null,
      event,
      handshake: known.handshake ?? null,
    });
    return exitCodes.ok;
  }
  printer.lines(await whyLines(client, event, session.directory, printer.glyphs));
  return exitCodes.ok;
}

function outcomeOf(event: MeshEvent): "allow" | "deny" | "tls-fail" | null {
  if (event.type === "handshake.failed") return "tls-fail";
  return "decision" in event ? (event.decision?.verdict ?? null) : null;
}

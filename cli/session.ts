import { resolve } from "node:path";
import { codes, type Code } from "../runtime/core/codes.ts";
import { MeshError } from "../runtime/core/error.ts";
import type { CommandAnswer } from "../runtime/model/command.ts";
import { parseFilter, type EventTest } from "../runtime/store/filter.ts";
import { findProject } from "./discovery.ts";
import type { Context } from "./context.ts";
import { filterSetting } from "./saved-filters.ts";
import type { Door, SessionInfo, StreamLine } from "./door.ts";

/** The running mesh of a project folder, or MD7001. */
export async function requireSession(
  door: Door,
  context: Context,
  directory: string | undefined,
): Promise<SessionInfo> {
  // A mesh of files that were named with -f has no project file to be found by.
  const here = await door.findSession(resolve(context.cwd, directory ?? "."));
  if (here !== undefined) return here;
  const project = findProject(context.cwd, directory);
  const session = await door.findSession(project);
  if (session === undefined) throw new MeshError("MD7001", `no mesh is running for ${project}`);
  return session;
}

/** Turns a refused command into the error that the daemon meant. */
export function requireOk(answer: CommandAnswer): Extract<CommandAnswer, { readonly ok: true }> {
  if (answer.ok) return answer;
  const code: Code = isCode(answer.code) ? answer.code : "MD9001";
  throw new MeshError(code, answer.message, answer.hint === undefined ? {} : { hint: answer.hint });
}

export function isCode(text: string): text is Code {
  return Object.hasOwn(codes, text);
}

/** Stops at the first of: interruption of the command, the end of `ms`. */
export function limitTime(signal: AbortSignal, ms: number | undefined): AbortSignal {
  return ms === undefined ? signal : AbortSignal.any([signal, AbortSignal.timeout(ms)]);
}

/** A filter for events of a project, or MD8004 with a caret under the character. */
export function requireFilter(text: string | undefined, directory: string): EventTest {
  if (text === undefined) return () => true;
  const parsed = parseFilter(text, filterSetting(directory));
  if (parsed.ok) return parsed.match;
  const hint = parsed.suggestions.length === 0 ? {} : { hint: `Did you mean ${parsed.suggestions.join(", ")}?` };
  throw new MeshError("MD8004", `${parsed.error}\n${text}\n${" ".repeat(parsed.at)}^`, hint);
}

/** Counts what a filter was asked and what it let through. */
export function countHits(match: EventTest): { readonly match: EventTest; readonly words: () => string } {
  let asked = 0;
  let hits = 0;
  return {
    match: (event) => {
      asked += 1;
      const isHit = match(event);
      if (isHit) hits += 1;
      return isHit;
    },
    words: () => `${hits} of ${asked} match the filter`,
  };
}

export function isEvent(line: StreamLine): line is Exclude<StreamLine, { readonly type: "state" | "events.dropped" }> {
  return line.type !== "state" && line.type !== "events.dropped";
}

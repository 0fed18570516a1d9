import { codes, type Code } from "../runtime/core/codes.ts";
import { MeshError } from "../runtime/core/error.ts";
import type { CommandAnswer } from "../runtime/model/command.ts";
import type { MeshEvent } from "../runtime/model/event.ts";
import { parseFilter } from "../runtime/store/filter.ts";
import { findProject } from "./discovery.ts";
import type { Context } from "./context.ts";
import type { Door, MeshClient, MeshSession, StreamLine } from "./door.ts";

/** The running mesh of a project folder, or MD7001. */
export async function requireSession(door: Door, context: Context, directory: string | undefined): Promise<MeshSession> {
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

/** A filter for events, or MD8004 with a caret under the character. */
export function requireFilter(text: string | undefined): (event: Parameters<EventTest>[0]) => boolean {
  if (text === undefined) return () => true;
  const parsed = parseFilter(text);
  if (parsed.ok) return parsed.match;
  const hint = parsed.suggestions.length === 0 ? {} : { hint: `Did you mean ${parsed.suggestions.join(", ")}?` };
  throw new MeshError("MD8004", `${parsed.error}\n${text}\n${" ".repeat(parsed.at)}^`, hint);
}

type EventTest = Extract<ReturnType<typeof parseFilter>, { readonly ok: true }>["match"];

export interface ReadOptions {
  readonly signal: AbortSignal;
  readonly headers?: boolean;
  /** Go on with what happens from now on; otherwise end after the past. */
  readonly follow?: boolean;
}

export interface Reader {
  /** Called once: everything that happened before, oldest first. */
  readonly past: (events: readonly MeshEvent[]) => void;
  readonly live?: (line: StreamLine) => void;
}

/**
 * Reads the past and, if asked, goes on. The stream does not mark where replay ends: it ends with an event younger than our question,
 * or when nothing came for a while.
 */
export async function readEvents(client: MeshClient, options: ReadOptions, reader: Reader): Promise<void> {
  const asked = Date.now();
  const enough = new AbortController();
  let past: MeshEvent[] | undefined = [];
  const endPast = (): void => {
    const events = past;
    past = undefined;
    if (events !== undefined) reader.past(events);
    if (options.follow !== true) enough.abort();
  };
  const quiet = (): NodeJS.Timeout => setTimeout(endPast, 250);
  let timer = quiet();
  try {
    const signal = AbortSignal.any([options.signal, enough.signal]);
    for await (const line of client.events({ replay: true, headers: options.headers === true, signal })) {
      clearTimeout(timer);
      if (past !== undefined && isEvent(line) && Date.parse(line.at) <= asked) past.push(line);
      else if (past !== undefined && isEvent(line)) endPast();
      if (past === undefined) {
        if (options.follow !== true) break;
        reader.live?.(line);
      } else {
        timer = quiet();
      }
    }
  } finally {
    clearTimeout(timer);
  }
  if (past !== undefined && !options.signal.aborted) endPast();
}

export async function collectPast(client: MeshClient, signal: AbortSignal): Promise<readonly MeshEvent[]> {
  let found: readonly MeshEvent[] = [];
  await readEvents(client, { signal }, { past: (events) => (found = events) });
  return found;
}

export function isEvent(line: StreamLine): line is Exclude<StreamLine, { readonly type: "state" | "events.dropped" }> {
  return line.type !== "state" && line.type !== "events.dropped";
}

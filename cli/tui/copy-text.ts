import type { MeshState } from "../../runtime/model/state.ts";
import type { HandshakeEvent } from "../../runtime/model/event.ts";
import { detailLines } from "../print/event-detail.ts";
import { eventLine } from "../print/event-line.ts";
import type { Glyphs } from "../print/glyphs.ts";
import { lineText } from "../print/segment.ts";
import type { CopyKind } from "./actions.ts";
import { termsOf, type Subject } from "./subject.ts";

/** The text for the clipboard, and in words what it is. Secrets are gone already: events never carry them. */
export interface Copied {
  readonly what: string;
  readonly text: string;
}

export interface CopySources {
  readonly glyphs: Glyphs;
  readonly state: MeshState | undefined;
  readonly handshake: (id: string) => HandshakeEvent | undefined;
  /** What the detail pane shows of the row. */
  readonly detail: readonly string[];
}

/** Undefined: the row has no such form. */
export function copyText(subject: Subject, what: CopyKind, sources: CopySources): Copied | undefined {
  switch (what) {
    case "text":
      return { what: "what is shown of the row", text: `${shownText(subject, sources).join("\n")}\n` };
    case "row": {
      const line = subject.kind === "event" ? eventLine(subject.event, sources.glyphs) : undefined;
      const [first] = sources.detail;
      const text = line === undefined ? first : lineText(line).trim();
      return text === undefined ? undefined : { what: "the row", text };
    }
    case "json":
      return { what: "JSON", text: `${JSON.stringify(jsonOf(subject), undefined, 2)}\n` };
    case "curl": {
      const text = curlOf(subject, sources.state);
      return text === undefined ? undefined : { what: "curl command", text };
    }
    case "command": {
      const text = commandOf(subject);
      return text === undefined ? undefined : { what: "meshdev command", text };
    }
  }
}

/** Whole lines, not as they are cut on the screen. */
function shownText(subject: Subject, sources: CopySources): readonly string[] {
  if (subject.kind !== "event") return sources.detail;
  const { event } = subject;
  const handshake = "handshake" in event && event.handshake !== null ? sources.handshake(event.handshake) : undefined;
  return detailLines(event, handshake, sources.glyphs).map((line) => lineText(line).trimEnd());
}

function jsonOf(subject: Subject): unknown {
  switch (subject.kind) {
    case "event":
      return subject.event;
    case "workload":
      return subject.workload;
    case "resource":
      return subject.resource;
    case "problem":
      return subject.problem;
  }
}

/** Through the caller's sidecar, so that the copy is decided like the original. */
function curlOf(subject: Subject, state: MeshState | undefined): string | undefined {
  if (subject.kind !== "event" || subject.event.type !== "exchange.completed") return undefined;
  const { event } = subject;
  const caller = state?.workloads.find((workload) => workload.id === event.from.workload);
  const as = caller === undefined ? [] : ["meshdev", "exec", "--as", caller.service, "--"];
  const method = event.method === "GET" ? [] : event.method === "HEAD" ? ["-I"] : ["-X", event.method];
  const headers = Object.entries(event.headers ?? {}).flatMap(([name, value]) => ["-H", `${name}: ${value}`]);
  return [...as, "curl", ...method, ...headers, `http://${event.authority}${event.originalPath ?? event.path}`]
    .map(shellWord)
    .join(" ");
}

function commandOf(subject: Subject): string | undefined {
  if (subject.kind === "event") {
    const { event } = subject;
    return event.type === "workload.logged"
      ? ["meshdev", "logs", event.workload].map(shellWord).join(" ")
      : ["meshdev", "why", event.id].map(shellWord).join(" ");
  }
  if (subject.kind === "problem") return `meshdev explain ${subject.problem.code}`;
  const [first] = termsOf(subject);
  return first === undefined ? undefined : `meshdev events --filter ${shellWord(first)}`;
}

/** One word of a POSIX shell, whatever is in it. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

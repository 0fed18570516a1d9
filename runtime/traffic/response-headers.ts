import type { HeaderEdit } from "../model/header-edit.ts";
import { createEdit, dropHeader, editedValues, type HeaderEditBuilder, setHeader } from "./header-edit-builder.ts";
import type { FormatFacts } from "./header-format.ts";
import { applyPhases, type HeaderPhase } from "./header-operations.ts";

type ReadHeader = (name: string) => readonly string[];

export interface InboundResponseContext {
  /** Milliseconds from the end of the request sent to the application to its first answer; undefined: an upgrade, which tells none. */
  readonly serviceTimeMs: number | undefined;
  /** Value of `date` when the application sent none. */
  readonly date: string;
  /** `<fqdn>:<port>/*`, told to callers that sent no decorator; undefined: the caller sent one (errata traffic C17). */
  readonly decorator: string | undefined;
}

/** What the server's proxy does to an answer of the application (spec traffic 5.1, 5.4). */
export function inboundResponseEdit(header: ReadHeader, context: InboundResponseContext): HeaderEdit {
  const edit = createEdit(["server"]);
  tellServiceTime(edit, context.serviceTimeMs);
  if (header("date").length === 0) edit.add.push(["date", context.date]);
  edit.add.push(["server", "istio-envoy"]);
  if (context.decorator !== undefined) {
    edit.remove.add("x-envoy-decorator-operation");
    edit.add.push(["x-envoy-decorator-operation", context.decorator]);
  }
  return edit;
}

function tellServiceTime(edit: HeaderEditBuilder, ms: number | undefined): void {
  if (ms !== undefined) setHeader(edit, "x-envoy-upstream-service-time", `${ms}`);
}

export interface OutboundResponseContext {
  readonly serviceTimeMs: number | undefined;
  readonly date: string;
  /** The route's `headers.response`. */
  readonly phases: readonly HeaderPhase[];
  readonly facts: FormatFacts;
}

/** What the caller's proxy does to an answer: service time, then the route's operations, then what no operation can change (spec traffic 2.7.5, 5.4). */
export function outboundResponseEdit(header: ReadHeader, context: OutboundResponseContext): HeaderEdit {
  const edit = createEdit();
  tellServiceTime(edit, context.serviceTimeMs);
  if (context.phases.length > 0) {
    const response = (name: string): string | undefined => editedValues(edit, header, name)[0];
    applyPhases(context.phases, edit, { ...context.facts, response });
  }
  dropHeader(edit, "x-envoy-decorator-operation");
  if (editedValues(edit, header, "date").length === 0) edit.add.push(["date", context.date]);
  setHeader(edit, "server", "envoy");
  return edit;
}

/** `x-envoy-decorator-operation` of inbound routes: `<fqdn>:<port>/*`, and `:0/*` where no service declares the port (errata traffic C17). */
export function inboundDecorator(host: string, port: number): string {
  return `${host}:${port}/*`;
}

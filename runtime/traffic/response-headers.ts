import type { HeaderEdit } from "../model/header-edit.ts";
import type { HttpOptions } from "../model/snapshot.ts";
import { applyResponseChanges } from "./ext-authz/authorized.ts";
import type { ResponseChange } from "./ext-authz/check-result.ts";
import { createEdit, dropHeader, editedValues, type HeaderEditBuilder, setHeader } from "./header-edit-builder.ts";
import type { FormatFacts } from "./header-format.ts";
import { applyPhases, type HeaderPhase } from "./header-operations.ts";

type ReadHeader = (name: string) => readonly string[];

interface ResponseContext {
  /** Milliseconds from the end of the request sent upstream to its first answer; undefined: an upgrade, which tells none. */
  readonly serviceTimeMs: number | undefined;
  /** Value of `date` when the answer has none. */
  readonly date: string;
  readonly options: Pick<HttpOptions, "server" | "debugHeaders">;
}

export interface InboundResponseContext extends ResponseContext {
  /** `<fqdn>:<port>/*`, told to callers that sent no decorator; undefined: the caller sent one (errata traffic C17). */
  readonly decorator: string | undefined;
  /** What external authorizers add; undefined: nobody was asked. */
  readonly changes?: readonly ResponseChange[] | undefined;
}

/** What the server's proxy does to an answer of the application (spec traffic 5.1, 5.4). */
export function inboundResponseEdit(header: ReadHeader, context: InboundResponseContext): HeaderEdit {
  const edit = createEdit();
  tellServiceTime(edit, context);
  if (context.changes !== undefined) applyResponseChanges(edit, header, context.changes);
  if (editedValues(edit, header, "date").length === 0) edit.add.push(["date", context.date]);
  if (context.options.server !== undefined) setHeader(edit, "server", context.options.server);
  if (context.decorator !== undefined) {
    edit.remove.add("x-envoy-decorator-operation");
    edit.add.push(["x-envoy-decorator-operation", context.decorator]);
  }
  return edit;
}

function tellServiceTime(edit: HeaderEditBuilder, { serviceTimeMs, options }: ResponseContext): void {
  if (serviceTimeMs !== undefined && options.debugHeaders)
    setHeader(edit, "x-envoy-upstream-service-time", `${serviceTimeMs}`);
}

export interface OutboundResponseContext extends ResponseContext {
  /** The route's `headers.response`. */
  readonly phases: readonly HeaderPhase[];
  readonly facts: FormatFacts;
}

/** What the caller's proxy does to an answer: service time, then the route's operations, then what no operation can change (spec traffic 2.7.5, 5.4). */
export function outboundResponseEdit(header: ReadHeader, context: OutboundResponseContext): HeaderEdit {
  const edit = createEdit();
  tellServiceTime(edit, context);
  if (context.phases.length > 0) {
    const response = (name: string): string | undefined => editedValues(edit, header, name)[0];
    applyPhases(context.phases, edit, { ...context.facts, response });
  }
  dropHeader(edit, "x-envoy-decorator-operation");
  if (editedValues(edit, header, "date").length === 0) edit.add.push(["date", context.date]);
  if (context.options.server !== undefined) setHeader(edit, "server", context.options.server);
  return edit;
}

/** `x-envoy-decorator-operation` of inbound routes: `<fqdn>:<port>/*`, and `:0/*` where no service declares the port (errata traffic C17). */
export function inboundDecorator(host: string, port: number): string {
  return `${host}:${port}/*`;
}

import type { HeaderEdit } from "../model/header-edit.ts";
import type { HttpOptions } from "../model/snapshot.ts";
import { applyResponseChanges } from "./ext-authz/authorized.ts";
import type { ResponseChange } from "./ext-authz/check-result.ts";
import { fixedNames, type FixedNames } from "../wire/header-names.ts";
import type { ReadHeader } from "../wire/http1/head.ts";
import { createEdit, dropHeader, editedValues, type HeaderEditBuilder, setHeader } from "./header-edit-builder.ts";
import type { FormatFacts } from "./header-format.ts";
import { applyPhases, type HeaderPhase } from "./header-operations.ts";

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
  const { changes, decorator, options } = context;
  if (changes === undefined) return plainEdit(header, context, decorator !== undefined, decorator);
  const edit = createEdit();
  tellServiceTime(edit, context);
  applyResponseChanges(edit, header, changes);
  if (editedValues(edit, header, "date").length === 0) edit.add.push(["date", context.date]);
  if (options.server !== undefined) setHeader(edit, "server", options.server);
  if (decorator !== undefined) {
    edit.remove.add(decoratorName);
    edit.add.push([decoratorName, decorator]);
  }
  return edit;
}

const timeName = "x-envoy-upstream-service-time";
const decoratorName = "x-envoy-decorator-operation";

/** What goes from an answer that nobody but the proxy changes: by whether its time, its server and its decorator are replaced. */
const replaced: readonly FixedNames[] = Array.from({ length: 8 }, (_, bits) =>
  fixedNames([timeName, "server", decoratorName].filter((_name, at) => (bits & (1 << at)) !== 0)),
);

/** The same as step by step, for the answers that nearly all are. */
function plainEdit(
  header: ReadHeader,
  { serviceTimeMs, date, options }: ResponseContext,
  dropDecorator: boolean,
  decorator: string | undefined,
): HeaderEdit {
  const { server } = options;
  const timed = serviceTimeMs !== undefined && options.debugHeaders;
  const edit = createEdit(replaced[(timed ? 1 : 0) | (server === undefined ? 0 : 2) | (dropDecorator ? 4 : 0)]);
  const { add } = edit;
  if (timed) add.push([timeName, `${serviceTimeMs}`]);
  if (header("date").length === 0) add.push(["date", date]);
  if (server !== undefined) add.push(["server", server]);
  if (decorator !== undefined) add.push([decoratorName, decorator]);
  return edit;
}

function tellServiceTime(edit: HeaderEditBuilder, { serviceTimeMs, options }: ResponseContext): void {
  if (serviceTimeMs !== undefined && options.debugHeaders) setHeader(edit, timeName, `${serviceTimeMs}`);
}

export interface OutboundResponseContext extends ResponseContext {
  /** The route's `headers.response`. */
  readonly phases: readonly HeaderPhase[];
  readonly facts: FormatFacts;
}

/** What the caller's proxy does to an answer: service time, then the route's operations, then what no operation can change (spec traffic 2.7.5, 5.4). */
export function outboundResponseEdit(header: ReadHeader, context: OutboundResponseContext): HeaderEdit {
  if (context.phases.length === 0) return plainEdit(header, context, true, undefined);
  const edit = createEdit();
  tellServiceTime(edit, context);
  const response = (name: string): string | undefined => editedValues(edit, header, name)[0];
  applyPhases(context.phases, edit, { ...context.facts, response });
  dropHeader(edit, decoratorName);
  if (editedValues(edit, header, "date").length === 0) edit.add.push(["date", context.date]);
  if (context.options.server !== undefined) setHeader(edit, "server", context.options.server);
  return edit;
}

/** `x-envoy-decorator-operation` of inbound routes: `<fqdn>:<port>/*`, and `:0/*` where no service declares the port (errata traffic C17). */
export function inboundDecorator(host: string, port: number): string {
  return `${host}:${port}/*`;
}

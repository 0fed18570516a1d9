import type { ExtAuthzCall, ExtAuthzProvider, SeenRequest } from "../../model/ext-authz.ts";
import type { RequestFacts } from "../../model/decision.ts";
import { type CustomCursor, type FilterNotes, notingFilters } from "../../model/filter-notes.ts";
import type { HeaderEditBuilder } from "../header-edit-builder.ts";
import { editedValues, setHeader } from "../header-edit-builder.ts";
import type { LocalReplyCause } from "../local-reply.ts";
import { type CheckResult, type ResponseChange, responseNames } from "./check-result.ts";
import { changeRequest } from "./seen-request.ts";

/** What providers have said of a request so far. */
export interface Authorized {
  readonly seen: SeenRequest;
  readonly responses: readonly ResponseChange[];
  readonly calls: readonly ExtAuthzCall[];
  /** What they noted for policies, in the order in which they were asked. */
  readonly notes: readonly { readonly provider: string; readonly notes: FilterNotes }[];
  /** How far they were asked; undefined: nobody was yet. */
  readonly asked: CustomCursor | undefined;
}

/** Before anybody was asked. */
export function unasked(seen: SeenRequest): Authorized {
  return { seen, responses: [], calls: [], notes: [], asked: undefined };
}

/** A connection has nothing that a provider could change. */
export const noRequest: SeenRequest = {
  method: "",
  path: "",
  authority: "",
  scheme: "",
  headers: [],
  changed: new Set<string>(),
};

/** Facts with what providers noted, and with nothing that was noted before. */
export function withAnswers(facts: RequestFacts, { notes, asked }: Pick<Authorized, "notes" | "asked">): RequestFacts {
  const { notes: _notes, asked: _asked, ...plain } = facts;
  const { extAuthz } = notingFilters[facts.layer];
  return {
    ...plain,
    ...(asked === undefined ? {} : { asked }),
    ...(notes.length === 0
      ? {}
      : { notes: new Map([[extAuthz, new Map(notes.flatMap((answer) => [...answer.notes]))]]) }),
  };
}

/** How a question went. */
export interface Asked {
  readonly provider: ExtAuthzProvider;
  readonly rule: string;
  readonly next: CustomCursor;
  readonly result: CheckResult;
  /** Address of the server; undefined: none was reached. */
  readonly endpoint: string | undefined;
  /** HTTP status, or gRPC status; undefined: no answer. */
  readonly status: number | undefined;
  readonly ms: number;
}

export type Judged =
  | { readonly kind: "go-on"; readonly authorized: Authorized }
  | {
      readonly kind: "stop";
      readonly authorized: Authorized;
      readonly reason: "ext-authz-denied" | "ext-authz-error";
      readonly cause: LocalReplyCause;
    };

/** What an answer means for the request (spec CU-2, CU-11, CU-12, CU-22). */
export function judgeAnswer(given: Authorized, asked: Asked): Judged {
  const { provider, result } = asked;
  const before = { ...given, asked: asked.next };
  const noted = (call: Partial<ExtAuthzCall> & Pick<ExtAuthzCall, "result">): readonly ExtAuthzCall[] => [
    ...before.calls,
    { ...blankCall(asked), ...call },
  ];
  switch (result.kind) {
    case "allowed": {
      const seen = changeRequest(before.seen, result.request, result.query);
      const calls = noted({
        result: "allowed",
        requestHeaders: changesOf(before.seen, seen),
        responseHeaders: responseNames(result.response),
      });
      const responses = [...before.responses, result.response];
      const notes =
        result.notes === undefined ? before.notes : [...before.notes, { provider: provider.name, notes: result.notes }];
      return { kind: "go-on", authorized: { ...before, seen, responses, calls, notes } };
    }
    case "denied": {
      const { status, headers, body } = result;
      const calls = noted({ result: "denied", responseHeaders: [...new Set(headers.map(([name]) => name))] });
      return {
        kind: "stop",
        authorized: { ...before, calls },
        reason: "ext-authz-denied",
        cause: { kind: "ext-authz", details: "ext_authz_denied", status, headers, body },
      };
    }
    case "error": {
      const { reason: error, reply } = result;
      if (provider.failOpen) {
        return { kind: "go-on", authorized: { ...before, calls: noted({ result: "failed-open", error }) } };
      }
      return {
        kind: "stop",
        authorized: { ...before, calls: noted({ result: "error", error }) },
        reason: "ext-authz-error",
        cause: {
          kind: "ext-authz",
          details: "ext_authz_error",
          status: reply?.status ?? provider.statusOnError,
          headers: reply?.headers ?? [],
          body: reply?.body ?? "",
        },
      };
    }
  }
}

function blankCall({ provider, rule, endpoint, status, ms }: Asked): Omit<ExtAuthzCall, "result"> {
  return {
    provider: provider.name,
    protocol: provider.http === undefined ? "grpc" : "http",
    cluster: provider.cluster,
    endpoint: endpoint ?? null,
    rule,
    status: status ?? null,
    ms: Math.round(ms * 1000) / 1000,
    requestHeaders: [],
    responseHeaders: [],
    error: null,
  };
}

function changesOf(before: SeenRequest, after: SeenRequest): readonly string[] {
  const pseudo = ([":method", ":path", ":authority", ":scheme"] as const).filter((name) => {
    const key = name.slice(1);
    return isPart(key) && before[key] !== after[key];
  });
  return [...pseudo, ...[...after.changed].filter((name) => !before.changed.has(name))];
}

function isPart(key: string): key is "method" | "path" | "authority" | "scheme" {
  return key === "method" || key === "path" || key === "authority" || key === "scheme";
}

/** Puts what providers say into the head of an answer, the proxy's own included. `header`: the answer's. */
export function applyResponseChanges(
  edit: HeaderEditBuilder,
  header: (name: string) => readonly string[],
  changes: readonly ResponseChange[],
): void {
  const has = (name: string): boolean => editedValues(edit, header, name).length > 0;
  for (const { add, set, addIfAbsent, overwriteIfExists } of changes) {
    for (const [name, value] of add) edit.add.push([name, value]);
    for (const [name, value] of set) setHeader(edit, name, value);
    for (const [name, value] of addIfAbsent) if (!has(name)) edit.add.push([name, value]);
    for (const [name, value] of overwriteIfExists) if (has(name)) setHeader(edit, name, value);
  }
  // How a message is framed is not a provider's to say.
  for (const name of ["content-length", "transfer-encoding", "connection"]) {
    if (edit.add.some((entry) => entry[0] === name)) dropAdded(edit, name);
  }
}

function dropAdded(edit: HeaderEditBuilder, name: string): void {
  for (let at = edit.add.length - 1; at >= 0; at -= 1) if (edit.add[at]?.[0] === name) edit.add.splice(at, 1);
}

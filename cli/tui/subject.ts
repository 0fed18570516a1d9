import type { Problem } from "../../runtime/core/problem.ts";
import type { SourcePosition } from "../../runtime/core/source.ts";
import type { MeshEvent } from "../../runtime/model/event.ts";
import type { ResourceView, WorkloadView } from "../../runtime/model/state.ts";
import { causeOf } from "../../runtime/store/cause.ts";

/** What the row under the cursor is about. */
export type Subject =
  | { readonly kind: "event"; readonly event: MeshEvent }
  | { readonly kind: "workload"; readonly workload: WorkloadView }
  | { readonly kind: "resource"; readonly resource: ResourceView }
  | { readonly kind: "problem"; readonly problem: Problem };

/** The line of YAML to look at: what decided, or else what routed. */
export function placeOf(subject: Subject | undefined): SourcePosition | undefined {
  switch (subject?.kind) {
    case "event": {
      const { event } = subject;
      const routed = event.type === "exchange.completed" ? (event.routeAt ?? undefined) : undefined;
      return causeOf(event)?.at ?? routed;
    }
    case "resource": {
      const { file, line } = subject.resource;
      return { file, line, column: 1 };
    }
    case "problem":
      return subject.problem.at;
    case "workload":
    case undefined:
      return undefined;
  }
}

/** Whether the row has what a command of the key table needs. */
export function has(subject: Subject | undefined, what: "place" | "exchange" | "request"): boolean {
  if (what === "place") return placeOf(subject) !== undefined;
  if (subject?.kind !== "event" || subject.event.type !== "exchange.completed") return false;
  return what === "exchange" || subject.event.requestId !== null;
}

/** Terms of the filter language that say what the row is: to show only its like, or to hide it. */
export function termsOf(subject: Subject | undefined): readonly string[] {
  if (subject === undefined) return [];
  if (subject.kind === "workload") return [term("svc", subject.workload.service)];
  if (subject.kind === "resource") return [term("policy", subject.resource.name)];
  if (subject.kind === "problem") return [];
  const { event } = subject;
  switch (event.type) {
    case "exchange.completed":
      return [
        term("from", nameOf(event.from.workload)),
        term("to", nameOf(event.to.workload)),
        term("path", pathOnly(event.path)),
        term("method", event.method),
        term("status", String(event.status)),
        ...verdictTerm(event.decision?.verdict),
      ];
    case "connection.closed":
      return [
        term("from", nameOf(event.from.workload)),
        term("to", nameOf(event.to.workload)),
        ...verdictTerm(event.decision?.verdict),
      ];
    case "handshake.completed":
    case "handshake.failed":
      return [
        term("from", nameOf(event.from.workload)),
        term("to", nameOf(event.to.workload)),
        event.failure === null ? "tls:ok" : term("tls", event.failure.step),
      ];
    case "workload.logged":
      return [term("svc", event.workload), term("stream", event.stream)];
    default:
      return [];
  }
}

function nameOf(workload: string | null): string {
  return workload ?? "outside";
}

/** Queries differ from call to call. */
function pathOnly(path: string): string {
  const question = path.indexOf("?");
  return question < 0 ? path : `${path.slice(0, question)}*`;
}

function verdictTerm(verdict: "allow" | "deny" | undefined): readonly string[] {
  return verdict === undefined ? [] : [verdict === "allow" ? "verdict:allowed" : "verdict:denied"];
}

/** Quoted when it has characters that mean something in the language. */
export function term(field: string, value: string): string {
  const isWord = /^[\w.*:@%~#,;=?&+][^\s|()"']*$/.test(value) || /^\/[^\s|()"']*[^\s|()"'/]$/.test(value);
  if (isWord) return `${field}:${value}`;
  return value.includes('"') ? `${field}:'${value}'` : `${field}:"${value}"`;
}

import type { SampleRequest } from "../access/sample.ts";
import type { ClassOutcome } from "../access/outcome.ts";
import type { DecisionRecord } from "../model/decision.ts";
import type { PredictedCall } from "../predict/call.ts";
import type { Advice } from "./advice.ts";
import type { Opened } from "./opened.ts";
import type { Part } from "./part.ts";
import type { FileEdit, Suggested, Suggestion } from "./suggest.ts";

/** What `meshdev suggest` says, as data. Field names are a published contract. */
export interface SuggestReport {
  readonly call: PredictedCall;
  /** Of the call as policies are now. */
  readonly verdict: "allow" | "deny";
  readonly summary: string;
  readonly decision: DecisionRecord | null;
  readonly advice: readonly Advice[];
  /** Those that open the least first. */
  readonly suggestions: readonly SuggestionReport[];
}

export interface SuggestionReport {
  readonly parts: readonly PartReport[];
  readonly diff: string;
  /** Lines that come or go. */
  readonly lines: number;
  readonly dangerous: boolean;
  /** Classes of requests that are refused now and would pass; one of them holds the call. */
  readonly opens: readonly OpenedReport[];
  /** What may be missing in `opens`, in words. */
  readonly cut: readonly string[];
  /** With their whole new text. */
  readonly files: readonly FileEdit[];
}

export interface PartReport {
  readonly resource: string;
  /** `add "POST" to to.operation.methods of rule 0` */
  readonly what: string;
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly dangerous: boolean;
}

export interface OpenedReport extends Pick<Opened, "workloads" | "ports" | "layer" | "conditions" | "asked"> {
  readonly before: OutcomeReport;
  readonly after: OutcomeReport;
  /** One of its requests; null: none is known. */
  readonly example: SampleRequest | null;
}

interface OutcomeReport {
  readonly verdict: ClassOutcome["verdict"];
  readonly reason: ClassOutcome["reason"];
  readonly by: { readonly resource: string; readonly rule: number } | null;
}

export function reportOf(call: PredictedCall, { reply, advice, suggestions }: Suggested): SuggestReport {
  return {
    call,
    verdict: reply.kind === "allowed" ? "allow" : "deny",
    summary: reply.summary,
    decision: "decision" in reply ? reply.decision : null,
    advice,
    suggestions: suggestions.map(suggestionReport),
  };
}

function suggestionReport({ parts, diff, lines, dangerous, opens, files }: Suggestion): SuggestionReport {
  return {
    parts: parts.map(partReport),
    diff,
    lines,
    dangerous,
    opens: opens.classes.map(({ before, after, witness, workloads, ports, layer, conditions, asked }) => ({
      workloads,
      ports,
      layer,
      conditions,
      asked,
      before: outcomeReport(before),
      after: outcomeReport(after),
      example: witness ?? null,
    })),
    cut: opens.cut,
    files,
  };
}

function partReport({ resource, what, at, dangerous }: Part): PartReport {
  return { resource, what, file: at.file, line: at.line, column: at.column, dangerous };
}

function outcomeReport({ verdict, reason, by }: ClassOutcome): OutcomeReport {
  return { verdict, reason, by: by === undefined ? null : { resource: by.resource, rule: by.rule } };
}

import type { SourcePosition } from "../../runtime/core/source.ts";
import type { DecisionRecord } from "../../runtime/model/decision.ts";
import type { MeshEvent } from "../../runtime/model/event.ts";

/** The line of YAML to look at first: the deciding rule, the clause that missed most narrowly, or what made a handshake fail. */
export function decidingPlace(event: MeshEvent): SourcePosition | undefined {
  if (event.type === "handshake.failed") return event.failure?.because[0];
  if (event.type !== "exchange.completed" && event.type !== "connection.closed") return undefined;
  return event.decision === null ? undefined : placeOfDecision(event.decision);
}

export function placeOfDecision(decision: DecisionRecord): SourcePosition | undefined {
  if (decision.by !== null) return decision.by;
  const nearest = decision.tried.find((rule) => rule.result === "missed" && !rule.dryRun);
  return nearest?.missed ?? nearest;
}

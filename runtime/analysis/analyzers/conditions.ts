import { message } from "../message.ts";
import type { AnalyzedObject } from "../object.ts";
import { list, text } from "../read.ts";
import type { Analyzer } from "./analyzer.ts";

const bound = ["istio.io/WaypointBound"];
const routed = ["Accepted", "Programmed", "ResolvedRefs"];

/** Conditions that should not be False, by type of object. */
const negative: Readonly<Record<string, readonly string[]>> = {
  Service: bound,
  ServiceEntry: bound,
  WorkloadEntry: bound,
  AuthorizationPolicy: ["ZtunnelAccepted", "WaypointAccepted"],
  KubernetesGateway: routed,
  HTTPRoute: routed,
  GRPCRoute: routed,
};

/** IST0171. */
export const conditions: Analyzer = {
  name: "conditions.ConditionAnalyzer",
  inputs: Object.keys(negative),
  analyze: (world) =>
    Object.keys(negative).flatMap((type) =>
      world.all(type).flatMap((object) =>
        conditionsOf(object)
          .filter((condition) => isBad(type, condition))
          .map((condition) => {
            const told = ["type", "reason", "message"].map((key) => `${key}=${text(condition, key)}`).join(", ");
            return message("IST0171", object, `A condition with a negative status is present: ${told}.`);
          }),
      ),
    ),
};

function isBad(type: string, condition: unknown): boolean {
  const name = text(condition, "type");
  if (negative[type]?.includes(name) === true && text(condition, "status") === "False") return true;
  return (
    type === "AuthorizationPolicy" && name === "WaypointAccepted" && text(condition, "reason") === "PartiallyInvalid"
  );
}

function conditionsOf({ type, status }: AnalyzedObject): readonly unknown[] {
  return type === "HTTPRoute" || type === "GRPCRoute"
    ? list(status, "parents").flatMap((parent) => list(parent, "conditions"))
    : list(status, "conditions");
}

import { hostFault, isLabel } from "./domain.ts";
import type { Refuse } from "./refuse.ts";
import { isRecord } from "./yaml-tree.ts";

/** Host, subset and port of one destination. */
export function validateDestination(destination: unknown, field: string, refuse: Refuse): void {
  if (!isRecord(destination)) return;
  const { host, subset, port } = destination;
  if (typeof host === "string") {
    const fault = host === "*" ? "a destination cannot be *" : hostFault(host);
    if (fault !== undefined) refuse(`${field}.host`, fault);
  }
  if (typeof subset === "string" && subset !== "" && !isLabel(subset))
    refuse(`${field}.subset`, `${subset} is not a valid name of a subset`);
  if (isRecord(port)) {
    const number = typeof port["number"] === "number" ? port["number"] : 0;
    if (number < 1 || number > 65535) refuse(`${field}.port`, `${number} is not a port in 1..65535`);
  }
}

/** Weighted destinations of a route: none negative, and not all zero when there is a choice (spec traffic 2.3.2). */
export function validateDestinations(destinations: readonly unknown[], field: string, refuse: Refuse): void {
  let total = 0;
  for (const [index, entry] of destinations.entries()) {
    if (!isRecord(entry)) continue;
    validateDestination(entry["destination"], `${field}[${index}].destination`, refuse);
    const weight = typeof entry["weight"] === "number" ? entry["weight"] : 0;
    if (weight < 0) refuse(`${field}[${index}].weight`, `weight ${weight} is less than 0`);
    total += weight;
  }
  if (destinations.length > 1 && total === 0)
    refuse(field, "the weights of several destinations cannot all be 0", "give each a weight, such as 90 and 10");
}

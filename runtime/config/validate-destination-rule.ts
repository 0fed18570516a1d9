import type { DestinationRuleSpec } from "../model/istio-networking.ts";
import type { Refuse } from "./refuse.ts";

export function validateDestinationRule(_spec: Partial<DestinationRuleSpec>, _namespace: string, _refuse: Refuse): void {
  // filled below
}

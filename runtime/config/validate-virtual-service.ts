import type { VirtualServiceSpec } from "../model/istio-networking.ts";
import type { Refuse } from "./refuse.ts";

export function validateVirtualService(_spec: VirtualServiceSpec, _namespace: string, _refuse: Refuse): void {
  // filled below
}

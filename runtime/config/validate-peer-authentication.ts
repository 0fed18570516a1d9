import type { PeerAuthenticationSpec } from "../model/istio-security.ts";
import type { Refuse } from "./refuse.ts";
import { validateSelector } from "./validate-selector.ts";

/** Spec VA-29…VA-33. */
export function validatePeerAuthentication(spec: PeerAuthenticationSpec, refuse: Refuse): void {
  validateSelector(spec.selector, "spec.selector", refuse);
  const { portLevelMtls } = spec;
  if (portLevelMtls === undefined) return;
  if (Object.keys(spec.selector?.matchLabels ?? {}).length === 0) {
    refuse(
      "spec.portLevelMtls",
      "a PeerAuthentication without selector cannot have port level mTLS",
      "add a selector, or remove portLevelMtls",
    );
  }
  for (const port of Object.keys(portLevelMtls)) {
    const number = /^\d{1,5}$/.test(port) ? Number(port) : 0;
    if (number < 1 || number > 65535)
      refuse(
        `spec.portLevelMtls.${port}`,
        `portLevelMtls: ${port} is not a port in 1..65535`,
        "write the number of the workload's port",
      );
  }
}

import { message } from "../message.ts";
import { list, text } from "../read.ts";
import type { Analyzer } from "./analyzer.ts";

const mostNames = 5;

/** IST0175. */
export const blockedCidrs: Analyzer = {
  name: "authn.BlockedCIDRsAnalyzer",
  inputs: ["RequestAuthentication", "Deployment"],
  analyze: (world) => {
    const names = world.all("RequestAuthentication").map((policy) => policy.fullName);
    if (names.length === 0) return [];
    const shown =
      names.length <= mostNames
        ? names.join(", ")
        : `${names.slice(0, mostNames).join(", ")}, and ${names.length - mostNames} more`;
    return world
      .all("Deployment")
      .filter((deployment) => deployment.labels["app"] === "istiod" && !isConfigured(deployment.spec))
      .map((deployment) =>
        message(
          "IST0175",
          deployment,
          `BLOCKED_CIDRS_IN_JWKS_URIS is not configured but ${names.length} RequestAuthentication resource(s) exist (${shown}). Consider configuring it to restrict JWKS URI fetches to trusted networks.`,
        ),
      );
  },
};

function isConfigured(spec: unknown): boolean {
  return list(spec, "template", "spec", "containers").some((container) =>
    list(container, "env").some(
      (variable) => text(variable, "name") === "BLOCKED_CIDRS_IN_JWKS_URIS" && text(variable, "value") !== "",
    ),
  );
}

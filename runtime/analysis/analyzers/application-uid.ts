import { isControlPlane } from "../in-mesh.ts";
import { message, type Message } from "../message.ts";
import type { AnalyzedObject } from "../object.ts";
import { list, number, record, text } from "../read.ts";
import type { Analyzer } from "./analyzer.ts";

const sidecarUser = 1337;

/** IST0144. */
export const applicationUid: Analyzer = {
  name: "applicationUID.Analyzer",
  inputs: ["Pod", "Deployment"],
  analyze: (world) => [
    ...world.all("Pod").flatMap((pod) => analyzePod(pod, pod.spec)),
    ...world
      .all("Deployment")
      .flatMap((deployment) => analyzePod(deployment, record(deployment.spec, "template", "spec"))),
  ],
};

function analyzePod(object: AnalyzedObject, spec: unknown): readonly Message[] {
  if (isControlPlane(object)) return [];
  const programs = list(spec, "containers").filter(
    (container) => !["istio-proxy", "istio-operator"].includes(text(container, "name")),
  );
  return [spec, ...programs].some((part) => number(part, "securityContext", "runAsUser") === sidecarUser)
    ? [message("IST0144", object, "User ID (UID) 1337 is reserved for the sidecar proxy.")]
    : [];
}

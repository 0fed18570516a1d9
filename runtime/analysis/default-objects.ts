import { type AnalyzedObject, fullName } from "./object.ts";

function builtIn(
  kind: string,
  name: string,
  labels: AnalyzedObject["labels"],
  spec: AnalyzedObject["spec"],
): AnalyzedObject {
  const namespace = "istio-system";
  return {
    type: kind,
    kind,
    namespace,
    name,
    fullName: fullName(namespace, name),
    labels,
    annotations: {},
    spec,
    status: undefined,
    source: undefined,
  };
}

const ports = [
  ["http2", 80],
  ["https", 443],
  ["tcp", 31400],
  ["tls", 15443],
] as const;

/** The ingress gateway that `istioctl analyze` takes for granted. */
export const defaultIngress: readonly AnalyzedObject[] = [
  builtIn(
    "Pod",
    "istio-ingressgateway-dummypod",
    { istio: "ingressgateway" },
    { containers: [{ name: "istio-proxy" }] },
  ),
  builtIn(
    "Service",
    "istio-ingressgateway",
    {},
    {
      ports: ports.map(([name, port]) => ({ name, port, protocol: "TCP", targetPort: port })),
      selector: { istio: "ingressgateway" },
    },
  ),
];

import { any, boolean, listOf, mapOf, object, oneOfValues, type Shape, string } from "./shape.ts";

const labels = mapOf(string);

/** ObjectMeta: the fields that a file may carry. */
export const metadataShape: Shape = object({
  name: string,
  namespace: string,
  labels,
  annotations: labels,
  creationTimestamp: any,
  generateName: string,
  resourceVersion: any,
  uid: any,
  generation: any,
  managedFields: any,
  ownerReferences: any,
  finalizers: any,
  selfLink: any,
  deletionTimestamp: any,
  deletionGracePeriodSeconds: any,
});

const port: Shape = { kind: "integer", type: "int", min: 1, max: 65535 };

/** The fields of a Service that decide what the mesh does; the others are taken as they are. */
export const serviceShape: Shape = object({
  type: oneOfValues("ClusterIP", "NodePort", "LoadBalancer", "ExternalName"),
  selector: labels,
  clusterIP: string,
  clusterIPs: listOf(string),
  externalName: string,
  ports: listOf(
    object(
      {
        name: string,
        port,
        targetPort: any,
        protocol: oneOfValues("TCP", "UDP", "SCTP"),
        appProtocol: string,
        nodePort: { kind: "integer", type: "int", min: 0, max: 65535 },
      },
      { required: ["port"] },
    ),
  ),
  sessionAffinity: any,
  sessionAffinityConfig: any,
  publishNotReadyAddresses: boolean,
  externalIPs: any,
  externalTrafficPolicy: any,
  internalTrafficPolicy: any,
  trafficDistribution: any,
  ipFamilies: any,
  ipFamilyPolicy: any,
  loadBalancerIP: any,
  loadBalancerClass: any,
  loadBalancerSourceRanges: any,
  allocateLoadBalancerNodePorts: any,
  healthCheckNodePort: any,
});

import type { CodeTable } from "./table.ts";

/**
 * ISTnnnn: findings of `istioctl analyze`, under the codes that Istio gave them. IST0106 and IST0133, errors and warnings of Istio's
 * validation, are MD1008 and MD2015 here.
 */
export const istioCodes = {
  IST0002: {
    title: "A deprecated type or field is used",
    why: "Istio still reads it, or ignores it without a word, and a later version drops it.",
    next: "Use what the message names instead.",
  },
  IST0101: {
    title: "Something that is referred to does not exist",
    why: "A host, port, subset, gateway, namespace or selector names nothing among the objects that were read.",
    next: "Correct the name, or add the object to the files that are checked.",
  },
  IST0102: {
    title: "A namespace is not enabled for injection",
    why: "Its workloads get no sidecar in a cluster, so no policy is enforced for them there.",
    next: "Label it `istio-injection: enabled`, or `disabled` to say that this is meant.",
  },
  IST0103: {
    title: "A pod has no sidecar",
    why: "Its namespace is enabled for injection, but the pod has no istio-proxy container.",
    next: "Restart the pod, or switch injection off for it.",
  },
  IST0107: {
    title: "An annotation stands on the wrong kind",
    why: "Istio reads it on other kinds only.",
    next: "Move it to one of the kinds that the message names.",
  },
  IST0108: {
    title: "An annotation is unknown",
    why: "No annotation of Istio has this name.",
    next: "Correct its name, or remove it.",
  },
  IST0109: {
    title: "Several VirtualServices define the same host for the mesh",
    why: "For sidecars only one of them counts, and which one is not defined.",
    next: "Merge them into one.",
  },
  IST0110: {
    title: "Several Sidecars select the same pod",
    why: "Only one of them counts, and which one is not defined.",
    next: "Narrow the selectors until no pod has two.",
  },
  IST0111: {
    title: "Several Sidecars of a namespace have no selector",
    why: "Only one of them counts, and which one is not defined.",
    next: "Keep one of them, or give the others selectors.",
  },
  IST0112: {
    title: "A destination must name a port",
    why: "The service has several ports, and the route does not say which one it means.",
    next: "Add `port.number` to the destination.",
  },
  IST0116: {
    title: "Services of one Deployment give a port different protocols",
    why: "The sidecar treats a port as one protocol only.",
    next: "Give the services the same protocol for the port.",
  },
  IST0118: {
    title: "A port name does not follow the convention",
    why: "Istio reads the protocol from the name; without one it guesses from the traffic.",
    next: "Name the port `<protocol>` or `<protocol>-<suffix>`, or set appProtocol.",
  },
  IST0123: {
    title: "A namespace has more than one injection label",
    why: "Which of them counts is easily misread.",
    next: "Keep one of them.",
  },
  IST0125: {
    title: "An annotation has an invalid value",
    why: "Istio cannot read the value and ignores it.",
    next: "Correct the value.",
  },
  IST0126: {
    title: "A network names an unknown service registry",
    why: "No cluster secret and no built-in registry has this name.",
    next: "Correct the name.",
  },
  IST0127: {
    title: "A policy matches no workload",
    why: "No pod in the mesh has these labels, so the policy has no effect.",
    next: "Compare its selector with the labels of the workloads.",
  },
  IST0128: {
    title: "A DestinationRule does not verify the server's certificate",
    why: "TLS is used, but without CA certificates any server is believed.",
    next: "Set `caCertificates`, or `credentialName` together with a workloadSelector.",
  },
  IST0129: {
    title: "A DestinationRule does not verify the server's certificate at a port",
    why: "TLS is used at the port, but without CA certificates any server is believed.",
    next: "Set `caCertificates` in the port's tls settings.",
  },
  IST0130: {
    title: "A rule of a VirtualService is never used",
    why: "An earlier rule takes every request that it could match.",
    next: "Move the rule up, or remove it.",
  },
  IST0131: {
    title: "A match of a VirtualService is never used",
    why: "An earlier match takes every request that it could match.",
    next: "Move it up, make the earlier one narrower, or remove it.",
  },
  IST0132: {
    title: "No host of a VirtualService is served by its gateway",
    why: "The gateway has no server with such a host, so the routes are not reached through it.",
    next: "Add the host to a server of the gateway, or correct it.",
  },
  IST0134: {
    title: "A ServiceEntry needs addresses",
    why: "TCP has no host name: without an address Istio cannot tell this traffic from other traffic to the port.",
    next: "Set `addresses`.",
  },
  IST0135: {
    title: "An annotation is deprecated",
    why: "Istio still reads it, and a later version will not.",
    next: "Use what the message names instead.",
  },
  IST0137: {
    title: "Services of one Deployment use a target port with different ports",
    why: "Istio cannot tell which service a connection to the target port is for.",
    next: "Give each service a target port of its own.",
  },
  IST0138: {
    title: "Two gateways use the same certificate",
    why: "A browser may reuse an HTTP/2 connection for the other gateway's hosts and get 404.",
    next: "Serve both from one gateway, or use different certificates.",
  },
  IST0139: {
    title: "A webhook is invalid",
    why: "Two webhooks would inject the same pod, or one calls a service that does not exist.",
    next: "Correct the selectors, or the service.",
  },
  IST0140: {
    title: "A subset has no effect at the ingress gateway",
    why: "The VirtualService of the gateway routes to the host without a subset; subsets of another VirtualService are for sidecars.",
    next: "Name the subset in the VirtualService that is bound to the gateway.",
  },
  IST0144: {
    title: "A pod runs as user 1337",
    why: "That user is the sidecar's: traffic of the program is not captured.",
    next: "Use another user.",
  },
  IST0145: {
    title: "Two gateways conflict",
    why: "They select the same pods and listen on the same port for the same host.",
    next: "Merge them, or change hosts, ports or selectors.",
  },
  IST0146: {
    title: "A Deployment asks for an injected image that it does not get",
    why: "Its container has `image: auto`, and no webhook of Istio would replace it.",
    next: "Label the namespace or the pod template for injection.",
  },
  IST0147: {
    title: "A pod asks for an injected image that it did not get",
    why: "Its container has `image: auto`: injection did not happen.",
    next: "Label the namespace for injection and create the pod again.",
  },
  IST0148: {
    title: "A namespace is enabled for injection by default",
    why: "Istio is installed with enableNamespacesByDefault.",
    next: "Label it `istio-injection: disabled` if that is not meant.",
  },
  IST0149: {
    title: "Routing by claims without a RequestAuthentication",
    why: "No token is verified at the gateway, so no claim is ever there to route by.",
    next: "Apply a RequestAuthentication to the gateway's pods.",
  },
  IST0150: {
    title: "A port of an ExternalName service is called tcp",
    why: "Sidecars then take the port for themselves and may stop other TCP traffic to it.",
    next: "Name the protocol that is really spoken.",
  },
  IST0151: {
    title: "An EnvoyFilter patches relative to others without a priority",
    why: "Whether it takes effect depends on which filter is applied first.",
    next: "Set `priority`, or use an absolute operation such as INSERT_FIRST.",
  },
  IST0152: {
    title: "REPLACE is used where it cannot be",
    why: "It works on HTTP_FILTER and NETWORK_FILTER only.",
    next: "Use MERGE, or another applyTo.",
  },
  IST0153: {
    title: "ADD is used where it is ignored",
    why: "It has no effect on ROUTE_CONFIGURATION and HTTP_ROUTE.",
    next: "Use another operation.",
  },
  IST0154: {
    title: "REMOVE is used where it is ignored",
    why: "It has no effect on ROUTE_CONFIGURATION and HTTP_ROUTE.",
    next: "Use another operation.",
  },
  IST0155: {
    title: "An EnvoyFilter for one proxy version patches relative to others without a priority",
    why: "During an upgrade it may not be applied.",
    next: "Set `priority`, or use an absolute operation such as INSERT_FIRST.",
  },
  IST0157: {
    title: "A Telemetry names no provider",
    why: "There is no default provider either, so it is ignored.",
    next: "Name a provider, or set defaultProviders in the mesh configuration.",
  },
  IST0158: {
    title: "Pods run another proxy image than injection would give them",
    why: "This happens after an upgrade of the control plane.",
    next: "Restart the pods.",
  },
  IST0159: {
    title: "Several Telemetries select the same pod",
    why: "Only one of them counts, and which one is not defined.",
    next: "Narrow the selectors until no pod has two.",
  },
  IST0160: {
    title: "Several Telemetries of a namespace have no selector",
    why: "Only one of them counts, and which one is not defined.",
    next: "Keep one of them, or give the others selectors.",
  },
  IST0161: {
    title: "The credential of a gateway is invalid",
    why: "The secret lacks its certificate or key, or they cannot be read.",
    next: "Correct the secret.",
  },
  IST0162: {
    title: "A gateway listens on a port that its service does not have",
    why: "Traffic to that port does not reach the gateway through the service.",
    next: "Add the port to the service, or change the gateway's.",
  },
  IST0163: {
    title: "The address of an external control plane is invalid",
    why: "The webhook cannot reach it.",
    next: "Correct the webhook's URL.",
  },
  IST0164: {
    title: "The address of an external control plane is an IP address",
    why: "Certificates and moves are easier with a name.",
    next: "Use a host name.",
  },
  IST0165: {
    title: "A VirtualService names a generated gateway",
    why: "Istio makes it from a Gateway API resource, and its name may change.",
    next: "Use an HTTPRoute, or a Gateway of your own.",
  },
  IST0166: {
    title: "A selector does not apply to a Kubernetes gateway",
    why: "Pods of Gateway API gateways are only reached through targetRefs.",
    next: "Use `targetRefs`.",
  },
  IST0167: {
    title: "A policy has no effect",
    why: "The workload is in ambient mode and has no sidecar.",
    next: "Remove it, or write one that ambient mode obeys.",
  },
  IST0171: {
    title: "A resource reports a negative condition",
    why: "Its controller says that it is not in force.",
    next: "Read the condition's message.",
  },
  IST0173: {
    title: "A subset selects no pod",
    why: "Requests that are routed to it get 503 with the flag UH.",
    next: "Compare its labels with the pods' labels.",
  },
  IST0174: {
    title: "The host of a DestinationRule is unknown",
    why: "No service of the mesh has this name, so the rule has no effect.",
    next: "Correct the host, or add the service to the files that are checked.",
  },
  IST0175: {
    title: "Keys of tokens may be fetched from anywhere",
    why: "istiod follows every jwksUri, so whoever writes RequestAuthentications can make it call internal addresses.",
    next: "Set BLOCKED_CIDRS_IN_JWKS_URIS on istiod.",
  },
  IST0176: {
    title: "A CRD of the Gateway API is too old",
    why: "Istio does not process resources of this kind.",
    next: "Upgrade the Gateway API CRDs.",
  },
  IST0177: {
    title: "ServiceEntries give one port of a host different protocols",
    why: "Which protocol counts is not defined.",
    next: "Give them the same protocol.",
  },
} as const satisfies CodeTable<`IST${string}`>;

import type { CodeTable } from "./table.ts";

/** MD2xxx: problems of meaning: references, conflicts, ties, fields that are not enforced. A number is never reused; a retired one stays, marked so. */
export const meaningCodes = {
  MD2001: {
    title: "A field is read but not enforced",
    why: "meshdev accepts the field so that the same file works in a cluster, but does not act on it yet.",
    next: "Do not rely on it here. `meshdev check` lists every such field, `meshdev fidelity` all that there are.",
  },
  MD2002: {
    title: "A security rule is read but not enforced",
    why: "The resource restricts access in a cluster, and this version of meshdev does not enforce that part.",
    next: "Do not take a verdict here as proof for the cluster.",
  },
  MD2003: {
    title: "Two resources compete and their name decided",
    why: "Istio lets the oldest win, and files have no age, so the order of names decided.",
    next: "Merge the two, or set metadata.creationTimestamp to say which is older.",
  },
  MD2004: {
    title: "A selector matches no workload",
    why: "No workload of the namespace has these labels, so the resource has no effect.",
    next: "Compare the labels with `meshdev ps -o wide`.",
  },
  MD2005: {
    title: "A host is unknown",
    why: "No service has this name. A short name means a service of the resource's own namespace; any name with a dot is taken as it stands.",
    next: "Write the short name or <service>.<namespace>.svc.cluster.local.",
  },
  MD2006: {
    title: "A service needs something that does not exist",
    why: "`needs` and `extends` name other services of the same project file.",
    next: "Correct the name, or add the service.",
  },
  MD2007: {
    title: "Services need each other in a circle",
    why: "Each would wait for the other to be ready.",
    next: "Remove one of the `needs`.",
  },
  MD2008: {
    title: "A host port is published twice",
    why: "Only one service can hold a port of this machine.",
    next: "Give one of them another `publish` port.",
  },
  MD2009: {
    title: "A port is declared twice",
    why: "Port numbers and port names are unique within a service.",
    next: "Remove or rename one of them.",
  },
  MD2010: {
    title: "The label app cannot be changed",
    why: "The Service of a project service selects its workloads by app: <key>.",
    next: "Rename the service, or remove the label.",
  },
  MD2011: {
    title: "The same resource is written twice",
    why: "Kind, namespace and name are equal; the later document replaces the earlier one, as `kubectl apply` would.",
    next: "Remove one of them.",
  },
  MD2012: {
    title: "A Kubernetes Service replaces the one of the project file",
    why: "The mesh folder has a Service of the same name and namespace; its ports and selector are the ones that count.",
    next: "Nothing, if that is meant.",
  },
  MD2013: {
    title: "A MeshConfig field is not understood",
    why: "The field is unknown, or its value is one that Istio refuses or this version does not support.",
    next: "Correct it. Fields are those of Istio's MeshConfig.",
  },
  MD2014: {
    title: "A resource has no effect",
    why: "Istio ignores it where it stands: for example a PeerAuthentication with a selector in the root namespace.",
    next: "Move it, or remove it.",
  },
  MD2015: {
    title: "A DENY policy closes TCP ports",
    why: "On a port that is not HTTP the HTTP conditions of a DENY rule fall away, and what remains matches every connection.",
    next: "Add `ports` to the operation.",
  },
  MD2016: {
    title: "A port is not proxied",
    why: "Sidecars carry TCP; UDP passes them by, in a cluster too.",
    next: "Nothing, if that is meant.",
  },
  MD2017: {
    title: "A subset is not defined",
    why: "A route names a subset that no DestinationRule of its host has; such a request is answered 503.",
    next: "Add the subset to the DestinationRule, or correct the name.",
  },
  MD2020: {
    title: "The provider of a CUSTOM policy cannot be asked",
    why: "The policy names an external authorizer that meshConfig.extensionProviders does not have, that is not set up rightly, or whose service is missing. Istio then refuses every request that the policy matches, and so does meshdev.",
    next: "Correct the provider's name, its settings or its service.",
  },
  MD2021: {
    title: "A DestinationRule gets no certificate",
    why: "Its credentialName leads to no Secret or ConfigMap that the calling sidecars may read, or the rule has no workloadSelector, without which Istio ignores the name and sends plaintext.",
    next: "Write the Secret, and the Role and RoleBinding that let the service account list Secrets, into the mesh's files; or add the workloadSelector.",
  },
  MD2022: {
    title: "A needed service belongs to a profile that is not active",
    why: "`needs` waits for a service that does not run, as it has `profiles` and `--profile` names none of them.",
    next: "Run with --profile, or give both services the same profiles.",
  },
  MD2023: {
    title: "A profile that nothing belongs to",
    why: "`--profile` names a profile that no service has and `profiles` does not set, so it changes nothing.",
    next: "Correct the name.",
  },
  MD2031: {
    title: "A Service selects no workload",
    why: "No pod template of its namespace has the labels of its selector, so a call to it finds no endpoint.",
    next: "Compare the selector with the labels of the pod template.",
  },
  MD2032: {
    title: "A ConfigMap, a Secret or a key of one is not there",
    why: "A container takes a variable or a file from it. In a cluster the container would not start either.",
    next: "Write it into the files, or mark the reference `optional: true`.",
  },
  MD2033: {
    title: "A part of a workload is not acted on",
    why: "The file asks for something that meshdev does not do, such as a second container. Everything else of it runs.",
    next: "Nothing, if the program does without it.",
  },
  MD2034: {
    title: "Nothing says which program a workload runs",
    why: "A workload runs the command that --run, the project file or the annotation meshdev.dev/run gives it.",
    next: 'Say it, for example with --run orders="npm start".',
  },
  MD2035: {
    title: "--run names no workload",
    why: "None of the files describes a workload with this name.",
    next: "Correct the name. `name.namespace` tells workloads with the same name apart.",
  },
  MD2036: {
    title: "A key of a compose file is not obeyed",
    why: "Compose would do something that meshdev does not. Everything else of the service runs.",
    next: "Nothing, if the program does without it.",
  },
  MD2037: {
    title: "A compose file asks for what a mesh refuses",
    why: "With it a container could pass its sidecar by or enter another pod, or something else would run than the file says.",
    next: "Remove the key, or run the service outside of the mesh.",
  },
  MD2038: {
    title: "Two workloads would have the same name",
    why: "Names of workloads are DNS labels here: a dot becomes a hyphen, and what is shared is told apart by namespace and kind. These two are still the same.",
    next: "Rename one of them.",
  },
} as const satisfies CodeTable<`MD2${string}`>;

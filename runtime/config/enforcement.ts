import { notingFilters } from "../model/filter-notes.ts";
import type { Code } from "../core/codes.ts";
import type { Problem } from "../core/problem.ts";
import { formatPosition } from "../core/source.ts";
import { positionOf, type Resource, resourceName } from "../model/resource.ts";
import { otherProviders } from "./extension-providers.ts";
import { joinIndex, joinKey } from "./field-path.ts";
import { istioGroups } from "./kinds.ts";
import { checkedFields, knownFields } from "./mesh-config-fields.ts";
import { isKubernetesCore } from "./policies.ts";
import { readProxyConfig, unenforcedMessage } from "./proxy-config.ts";
import { isRecord } from "./yaml-tree.ts";

/** A field with which something else happens than in Istio. `[]` stands for every item, `when` limits it to some values. */
export interface Departure {
  readonly path: string;
  readonly code?: Code;
  readonly note?: string;
  readonly when?: (value: unknown) => boolean;
  /** What `meshdev fidelity` calls it; absent: approximated with `when`, ignored without. */
  readonly status?: "approximated" | "ignored";
  /** Nothing is missed by it, or another check tells of it: no warning. */
  readonly quiet?: true;
}

/** Of a `connectionPool`; concurrent requests and the HTTP version are obeyed. */
const poolFields: readonly string[] = [
  "tcp",
  ...["http1MaxPendingRequests", "maxRequestsPerConnection", "maxRetries", "idleTimeout"].map((name) => `http.${name}`),
  ...["maxConcurrentStreams", "http2KeepAlive"].map((name) => `http.${name}`),
];
const trafficPolicyFields: readonly string[] = [
  "loadBalancer",
  ...poolFields.map((name) => `connectionPool.${name}`),
  "outlierDetection",
  "tunnel",
  "proxyProtocol",
  "retryBudget",
];
const trafficPolicyPlaces: readonly string[] = [
  "spec.trafficPolicy",
  "spec.trafficPolicy.portLevelSettings[]",
  "spec.subsets[].trafficPolicy",
  "spec.subsets[].trafficPolicy.portLevelSettings[]",
];

/** Whether a filter of every sidecar writes under the name in a key, or Istio's configuration of it writes nothing that could match. */
function isNoted(key: string): boolean {
  const filter = /^experimental\.([^[]*)\[/.exec(key)?.[1] ?? "";
  const { http, tcp } = notingFilters;
  return [...Object.values(http), ...Object.values(tcp), "envoy.filters.http.jwt_authn"].includes(filter);
}

/** Retries that may go to the endpoint that failed. */
const alwaysIgnored: Omit<Departure, "path"> = {
  note: "endpoints that failed are always avoided while there are others",
  when: (value) => value === false,
};

/** Policies for gateways and waypoints (spec AP-2). */
const targetReferences: readonly Departure[] = ["spec.targetRef", "spec.targetRefs"].map((path) => ({
  path,
  status: "approximated",
  note: "there are no gateways and waypoints; to sidecars such a policy says nothing, in Istio too",
  quiet: true,
}));

/** What this version does not enforce of the kinds that it enforces. Everything else of them is, and `meshdev fidelity` names what proves it. */
export const unenforcedFields: Readonly<Record<string, readonly Departure[]>> = {
  PeerAuthentication: [],
  AuthorizationPolicy: [
    ...targetReferences,
    {
      path: "spec.rules[].when[].key",
      code: "MD2002",
      note: "nothing here writes what this filter notes: values never match, notValues always do",
      when: (value) => typeof value === "string" && value.startsWith("experimental.") && !isNoted(value),
    },
  ],
  RequestAuthentication: [
    ...targetReferences,
    { path: "spec.jwtRules[].timeout", note: "keys are fetched with a limit of their own" },
    {
      path: "spec.jwtRules[].presence",
      note: "here as in Istio it demands no token; an AuthorizationPolicy does",
      when: (value) => value === "REQUIRED",
    },
    ...["spec.jwtRules[].outputClaimToHeaders[].header", "spec.jwtRules[].outputPayloadToHeader"].map((path) => ({
      path,
      note: "headers on which the meaning of a message hangs are not written",
      when: (value: unknown) =>
        typeof value === "string" &&
        /^(?:host|connection|content-length|transfer-encoding|upgrade|te|keep-alive)$/i.test(value),
    })),
  ],
  DestinationRule: trafficPolicyPlaces.flatMap((place) =>
    trafficPolicyFields.map((field) => ({ path: `${place}.${field}` })),
  ),
  Sidecar: [
    {
      path: "spec.egress",
      status: "ignored",
      note: "every service stays visible",
      when: (value) => JSON.stringify(value) !== '[{"hosts":["*/*"]}]',
    },
    { path: "spec.outboundTrafficPolicy" },
    { path: "spec.ingress[].tls" },
    { path: "spec.ingress[].captureMode", when: (value) => value !== "DEFAULT", status: "ignored" },
    { path: "spec.ingress[].port.targetPort", note: "Istio reads only defaultEndpoint, too", quiet: true },
    { path: "spec.ingress[].port.name", note: "a name for people", quiet: true, status: "approximated" },
    {
      path: "spec.ingress[].defaultEndpoint",
      note: "a program is not reached by a Unix socket of its own; requests get 503",
      when: (value) => typeof value === "string" && value.startsWith("unix:"),
    },
    ...[...poolFields, "http.h2UpgradePolicy"].flatMap((name) => [
      { path: `spec.inboundConnectionPool.${name}` },
      { path: `spec.ingress[].connectionPool.${name}` },
    ]),
  ],
  VirtualService: [
    {
      path: "spec.gateways",
      note: "there are no gateways: only `mesh` counts",
      when: (value) => Array.isArray(value) && value.some((name) => name !== "mesh"),
    },
    { path: "spec.http[].delegate" },
    { path: "spec.http[].mirror" },
    { path: "spec.http[].mirrors" },
    { path: "spec.http[].mirrorPercent" },
    { path: "spec.http[].mirrorPercentage" },
    { path: "spec.http[].corsPolicy" },
    ...["http", "tls", "tcp"].map((list) => ({
      path: `spec.${list}[].match[].gateways`,
      note: "there are no gateways: only `mesh` counts",
      when: (value: unknown) => Array.isArray(value) && value.some((name) => name !== "mesh"),
    })),
    { path: "spec.http[].match[].statPrefix" },
    { path: "spec.http[].retries.retryRemoteLocalities" },
    { path: "spec.http[].retries.retryIgnorePreviousHosts", ...alwaysIgnored },
    ...["fault.delay.exponentialDelay", "fault.abort.http2Error"].map((name) => ({
      path: `spec.http[].${name}`,
      note: "Istio does nothing with it either",
    })),
    { path: "spec.tcp[].match[].sourceSubnet", note: "Istio does nothing with it either" },
  ],
};

/** The same of MeshConfig; fields that are known and have no shape have no effect at all. */
export const unenforcedMeshFields: readonly Departure[] = [
  ...["ecdhCurves", "cipherSuites"].map((name) => ({
    path: `meshConfig.meshMTLS.${name}`,
    note: "sidecars offer what Node offers",
  })),
  { path: "meshConfig.defaultHttpRetryPolicy.retryRemoteLocalities" },
  { path: "meshConfig.defaultHttpRetryPolicy.retryIgnorePreviousHosts", ...alwaysIgnored },
  ...["envoyExtAuthzHttp", "envoyExtAuthzGrpc"].map((kind) => ({
    path: `meshConfig.extensionProviders[].${kind}.clearRouteCache`,
  })),
  ...otherProviders.map((kind) => ({ path: `meshConfig.extensionProviders[].${kind}` })),
  {
    path: "meshConfig.caCertificates",
    status: "approximated",
    note: "callers of its trustDomains are let in, its certificates are not trusted",
  },
  ...knownFields
    .filter((name) => !Object.hasOwn(checkedFields, name) && name !== "caCertificates" && name !== "defaultConfig")
    .map((name) => ({ path: `meshConfig.${name}` })),
];

/** Kinds whose absence changes who may call whom. */
const securityKinds: ReadonlyMap<string, string> = new Map([
  ["NetworkPolicy", "connections that it would refuse are not refused here"],
]);

/** One finding per resource and field that has no effect here, and one that counts the documents of other kinds. */
export function unenforced(
  resources: readonly Resource[],
  used: ReadonlySet<Resource> = new Set(),
): readonly Problem[] {
  const problems: Problem[] = [];
  const ignored: Resource[] = [];
  for (const resource of resources) {
    const fields = Object.hasOwn(unenforcedFields, resource.kind) ? unenforcedFields[resource.kind] : undefined;
    const group = resource.apiVersion.split("/", 1)[0] ?? "";
    if (fields !== undefined && istioGroups.includes(group))
      problems.push(...fields.flatMap((field) => findField(resource, field)));
    else if (istioGroups.includes(group) || group === "gateway.networking.k8s.io" || securityKinds.has(resource.kind))
      problems.push(wholeKind(resource));
    else if (!isKubernetesCore(resource) && !used.has(resource)) ignored.push(resource);
  }
  for (const [kind, [first, ...rest]] of Map.groupBy(ignored, (resource) => resource.kind)) {
    if (first === undefined) continue;
    const others = rest.slice(0, 3).map((resource) => formatPosition(positionOf(resource, "")));
    problems.push({
      code: "MD2001",
      severity: "info",
      message: `not used here: ${rest.length + 1} ${kind}`,
      ...(others.length === 0
        ? {}
        : { hint: `the others: ${others.join(", ")}${rest.length > others.length ? ", …" : ""}` }),
      at: positionOf(first, ""),
    });
  }
  return problems;
}

/** MeshConfig fields that are kept but have no effect. */
export function unenforcedMeshConfig(raw: Readonly<Record<string, unknown>>): readonly Problem[] {
  const uses = unenforcedMeshFields.flatMap((field): readonly Problem[] => {
    const found = firstUse({ meshConfig: raw }, field.path.split("."), "", field.when ?? (() => true));
    return found === undefined ? [] : [meshProblem(found, field.note)];
  });
  const { unenforced: ofProxies } = readProxyConfig(raw["defaultConfig"], "meshConfig.defaultConfig");
  return [...uses, ...ofProxies.map((field) => meshProblem(field))];
}

function meshProblem(field: string, note?: string): Problem {
  const words = unenforcedMessage(field);
  return { code: "MD2001", severity: "warning", message: note === undefined ? words : `${words}: ${note}`, field };
}

function wholeKind(resource: Resource): Problem {
  const note = securityKinds.get(resource.kind);
  return {
    code: note === undefined ? "MD2001" : "MD2002",
    severity: "warning",
    message:
      note === undefined
        ? `${resource.kind} is read but not enforced`
        : `${resource.kind} is not fully enforced: ${note}`,
    hint: note === undefined ? "do not rely on it here" : "test what it protects in a cluster",
    at: positionOf(resource, "kind"),
    resource: resourceName(resource),
    field: "kind",
  };
}

/** Reported once per resource and field, at its first use. */
function findField(resource: Resource, field: Departure): readonly Problem[] {
  if (field.quiet === true) return [];
  const document = { metadata: { annotations: resource.annotations }, spec: resource.spec };
  const path = field.path.startsWith("metadata.annotations.")
    ? ["metadata", "annotations", field.path.slice("metadata.annotations.".length)]
    : field.path.split(".");
  const found = firstUse(document, path, "", field.when ?? (() => true));
  if (found === undefined) return [];
  const shown = field.path.replace(/^spec\./, "").replaceAll("[]", "");
  return [
    {
      code: field.code ?? "MD2001",
      severity: "warning",
      message: `${shown} is read but not enforced${field.note === undefined ? "" : `: ${field.note}`}`,
      hint: field.code === "MD2002" ? "test what it protects in a cluster" : "do not rely on it here",
      at: positionOf(resource, found),
      resource: resourceName(resource),
      field: found,
    },
  ];
}

function firstUse(
  value: unknown,
  path: readonly string[],
  at: string,
  wanted: (value: unknown) => boolean,
): string | undefined {
  const [step, ...rest] = path;
  if (step === undefined) return value !== undefined && wanted(value) ? at : undefined;
  const each = step.endsWith("[]");
  const name = each ? step.slice(0, -2) : step;
  if (!isRecord(value) || !Object.hasOwn(value, name)) return undefined;
  const inner = value[name];
  if (!each) return firstUse(inner, rest, joinKey(at, name), wanted);
  if (!Array.isArray(inner)) return undefined;
  for (const [index, item] of inner.entries()) {
    const found = firstUse(item, rest, joinIndex(joinKey(at, name), index), wanted);
    if (found !== undefined) return found;
  }
  return undefined;
}

import * as fc from "fast-check";
import { stringify } from "yaml";
import type { Case } from "../../conformance/case.ts";
import { authorizationPolicies, customPolicies, peerAuthentications, requestAuthentications } from "./policies.ts";
import { requests } from "./requests.ts";

const trust = fc.constantFrom<Readonly<Record<string, unknown>>>(
  {},
  {},
  { trustDomainAliases: ["old-td"] },
  { trustDomain: "td1" },
  { trustDomain: "td1", trustDomainAliases: ["old-td", "cluster.local"] },
);
const custom = fc.oneof({ weight: 3, arbitrary: fc.constant([]) }, customPolicies);
const several = fc.constantFrom<Case["features"]>({}, { PILOT_ENABLE_MULTIPLE_CUSTOM_AUTHZ_PROVIDERS: "true" });
const normalization = fc.constantFrom(undefined, "NONE", "BASE", "MERGE_SLASHES", "DECODE_AND_MERGE_SLASHES");

/** The mesh of the recordings with policies and requests that nobody chose. A disagreement is shrunk to a case that can be kept. */
export const randomCase: fc.Arbitrary<Case> = fc
  .record({
    trust,
    normalization,
    peers: peerAuthentications,
    tokens: requestAuthentications,
    policies: fc.tuple(custom, authorizationPolicies).map((lists) => lists.flat()),
    requests,
    features: several,
  })
  .map(({ trust: mesh, normalization: mode, peers, tokens, policies, requests: asked, features }) => ({
    id: "security/random-own/case",
    mesh: { ...mesh, ...(mode === undefined ? {} : { pathNormalization: { normalization: mode } }) },
    features,
    namespaces: {},
    workloads,
    services,
    dns: {},
    config: [...peers, ...tokens, ...policies]
      // A key set, which holds double quotes, takes the place of its name.
      .map((document) => stringify(document, { singleQuote: true }))
      .join("---\n"),
    requests: asked,
  }));

const workloads: Case["workloads"] = [
  { name: "frontend", serviceAccount: "frontend", sidecar: true, ip: "10.244.0.11" },
  { name: "shop", namespace: "other", serviceAccount: "shop", sidecar: true, ip: "10.244.0.12" },
  {
    name: "backend-v1",
    serviceAccount: "backend",
    labels: { app: "backend", version: "v1" },
    sidecar: true,
    ip: "10.244.0.21",
    ports: [8080, 8081, 9000, 9500, 7000].map((port) => ({ port, mode: "auto" })),
  },
  { name: "outsider", labels: { app: "outsider" }, sidecar: false, ip: "10.244.1.31" },
];

const services: Case["services"] = [
  {
    name: "backend",
    selector: { app: "backend" },
    ports: [
      { name: "http", port: 8080, targetPort: 8080 },
      { name: "http-alt", port: 80, targetPort: 8081 },
      { name: "tcp", port: 9000, targetPort: 9000 },
      { name: "data", port: 9500, targetPort: 9500 },
    ],
  },
];

/** A case as its file holds it. */
export function writtenCase({
  id,
  mesh,
  features,
  workloads: pods,
  services: found,
  config,
  requests: asked,
}: Case): string {
  return stringify({ id, mesh, features, workloads: pods, services: found, config, requests: asked });
}

import { boolean, listOf, mapOf, object, oneOfValues, type Shape, string, uint32 } from "./shape.ts";

const matchLabels = mapOf({ kind: "string", maxBytes: 63 }, { max: 4096 });
export const workloadSelector = object({ matchLabels });

const mutualTls = object({ mode: oneOfValues("UNSET", "DISABLE", "PERMISSIVE", "STRICT") });

export const peerAuthenticationShape: Shape = object({
  selector: workloadSelector,
  mtls: mutualTls,
  portLevelMtls: mapOf(mutualTls, { min: 1 }),
});

const strings = listOf(string);
const serviceAccounts = listOf({ kind: "string", maxBytes: 320 }, 16);

const source = object({
  principals: strings,
  notPrincipals: strings,
  requestPrincipals: strings,
  notRequestPrincipals: strings,
  namespaces: strings,
  notNamespaces: strings,
  serviceAccounts,
  notServiceAccounts: serviceAccounts,
  trustDomains: strings,
  notTrustDomains: strings,
  ipBlocks: strings,
  notIpBlocks: strings,
  remoteIpBlocks: strings,
  notRemoteIpBlocks: strings,
});

const operation = object({
  hosts: strings,
  notHosts: strings,
  ports: strings,
  notPorts: strings,
  methods: strings,
  notMethods: strings,
  paths: strings,
  notPaths: strings,
});

const targetReference = object(
  {
    group: { kind: "string", maxBytes: 253 },
    kind: { kind: "string", maxBytes: 63, minLength: 1 },
    name: { kind: "string", maxBytes: 253, minLength: 1 },
    namespace: string,
  },
  { required: ["kind", "name"] },
);

export const authorizationPolicyShape: Shape = object({
  selector: workloadSelector,
  targetRef: targetReference,
  targetRefs: listOf(targetReference, 16),
  rules: listOf(
    object({
      from: listOf(object({ source }), 512),
      to: listOf(object({ operation })),
      when: listOf(object({ key: string, values: strings, notValues: strings }, { required: ["key"] })),
    }),
    512,
  ),
  action: oneOfValues("ALLOW", "DENY", "AUDIT", "CUSTOM"),
  provider: object({ name: string }),
});

const claimHeader = object(
  { header: { kind: "string", minLength: 1 }, claim: { kind: "string", minLength: 1 } },
  { required: ["header", "claim"] },
);
const filled: Shape = { kind: "string", minLength: 1 };

export const requestAuthenticationShape: Shape = object({
  selector: workloadSelector,
  targetRef: targetReference,
  targetRefs: listOf(targetReference, 16),
  jwtRules: listOf(
    object({
      issuer: filled,
      audiences: listOf(filled),
      jwksUri: { kind: "string", minLength: 1, maxBytes: 2048 },
      jwks_uri: { kind: "string", minLength: 1, maxBytes: 2048 },
      jwks: string,
      fromHeaders: listOf(object({ name: filled, prefix: string }, { required: ["name"] })),
      fromParams: listOf(filled),
      fromCookies: listOf(filled),
      outputPayloadToHeader: string,
      forwardOriginalToken: boolean,
      outputClaimToHeaders: listOf(claimHeader),
      timeout: { kind: "string", format: "duration" },
      spaceDelimitedClaims: listOf(filled, 64),
      presence: oneOfValues("OPTIONAL", "REQUIRED"),
      clockSkewSeconds: uint32,
    }),
    4096,
  ),
});

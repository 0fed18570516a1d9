import { enumOf, listOf, message, string, strings } from "../shape.ts";
import { serviceAccountsAlone, targetsOrSelector } from "../shape-rules.ts";
import { policyTargetReference, typeWorkloadSelector } from "./selector.ts";

const source = message(
  "istio.security.v1beta1.Source",
  {
    principals: strings,
    notPrincipals: strings,
    requestPrincipals: strings,
    notRequestPrincipals: strings,
    namespaces: strings,
    notNamespaces: strings,
    serviceAccounts: listOf({ ...string, maxBytes: 320 }, { max: 16 }),
    notServiceAccounts: listOf({ ...string, maxBytes: 320 }, { max: 16 }),
    ipBlocks: strings,
    notIpBlocks: strings,
    remoteIpBlocks: strings,
    notRemoteIpBlocks: strings,
    trustDomains: strings,
    notTrustDomains: strings,
  },
  { rules: [serviceAccountsAlone] },
);

const from = message("istio.security.v1beta1.Rule.From", {
  source: source,
});

const operation = message("istio.security.v1beta1.Operation", {
  hosts: strings,
  notHosts: strings,
  ports: strings,
  notPorts: strings,
  methods: strings,
  notMethods: strings,
  paths: strings,
  notPaths: strings,
});

const to = message("istio.security.v1beta1.Rule.To", {
  operation: operation,
});

const condition = message(
  "istio.security.v1beta1.Condition",
  {
    key: string,
    values: strings,
    notValues: strings,
  },
  { required: ["key"] },
);

const rule = message("istio.security.v1beta1.Rule", {
  from: listOf(from, { max: 512 }),
  to: listOf(to),
  when: listOf(condition),
});

const extensionProvider = message("istio.security.v1beta1.AuthorizationPolicy.ExtensionProvider", {
  name: string,
});

export const authorizationPolicy = message(
  "istio.security.v1beta1.AuthorizationPolicy",
  {
    selector: typeWorkloadSelector,
    targetRef: policyTargetReference,
    targetRefs: listOf(policyTargetReference, { max: 16 }),
    rules: listOf(rule, { max: 512 }),
    action: enumOf("istio.security.v1beta1.AuthorizationPolicy.Action", ["ALLOW", "DENY", "AUDIT", "CUSTOM"]),
    provider: extensionProvider,
  },
  { oneOf: [["provider"]], rules: [targetsOrSelector] },
);

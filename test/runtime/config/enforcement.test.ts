import { describe, expect, it } from "vitest";
import { unenforced, unenforcedMeshConfig } from "../../../runtime/config/enforcement.ts";
import { resolveMeshConfig } from "../../../runtime/config/mesh-config.ts";
import { resourcesOf } from "./yaml-samples.ts";

function found(text: string): readonly string[] {
  return unenforced(resourcesOf(text)).map((problem) =>
    `${problem.code} ${problem.field ?? ""} ${problem.at?.line ?? ""}`.trim(),
  );
}

function virtualService(http: string, more = ""): string {
  return `apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: { name: v }\nspec:\n  hosts: [a]\n  http:\n    - ${http}\n${more}`;
}

function policy(spec: string, annotations = ""): string {
  return `apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: { name: p${annotations} }\nspec: ${spec}\n`;
}

function other(kind: string, name: string): string {
  return `---\napiVersion: apps/v1\nkind: ${kind}\nmetadata: { name: ${name} }\n`;
}

const route = "route: [{ destination: { host: a } }]";

describe("fields that are not enforced", () => {
  it.each([
    [
      policy("{ rules: [{ when: [{ key: 'experimental.envoy.filters.x[a]', values: [b] }] }] }"),
      ["MD2002 spec.rules[0].when[0].key 4"],
    ],
    [policy("{ rules: [{ when: [{ key: 'experimental.envoy.filters.http.ext_authz[a]', values: [b] }] }] }"), []],
    [policy("{ action: CUSTOM, provider: { name: x }, rules: [{}] }"), []],
    [policy("{ action: AUDIT, rules: [{}] }"), []],
    [policy("{}", ", annotations: { istio.io/dry-run: 'true' }"), []],
    [policy("{}", ", annotations: { istio.io/dry-run: 'false' }"), []],
    [
      policy(
        "{ action: DENY, rules: [{ from: [{ source: { principals: [a] } }], to: [{ operation: { paths: [/x], ports: ['80'] } }] }] }",
      ),
      [],
    ],
    [
      virtualService(`{ ${route}, mirror: { host: a }, corsPolicy: {} }`),
      ["MD2001 spec.http[0].mirror 7", "MD2001 spec.http[0].corsPolicy 7"],
    ],
    [
      virtualService(`{ ${route}, mirror: { host: a } }\n    - { ${route}, mirror: { host: a } }`),
      ["MD2001 spec.http[0].mirror 7"],
    ],
    [virtualService(`{ ${route} }`, "  gateways: [mesh, ns/edge]\n"), ["MD2001 spec.gateways 8"]],
    [virtualService(`{ ${route} }`, "  gateways: [mesh]\n"), []],
    [
      virtualService(
        `{ ${route}, timeout: 1s, retries: { attempts: 1 }, headers: {}, match: [{ uri: { prefix: / }, sourceNamespace: a }] }`,
      ),
      [],
    ],
    [
      "apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: { name: d }\nspec: { host: a, trafficPolicy: { tls: { mode: SIMPLE }, loadBalancer: { simple: RANDOM } }, subsets: [{ name: v1 }, { name: v2, trafficPolicy: { outlierDetection: {} } }] }\n",
      ["MD2001 spec.trafficPolicy.loadBalancer 4", "MD2001 spec.subsets[1].trafficPolicy.outlierDetection 4"],
    ],
    ["apiVersion: networking.istio.io/v1\nkind: Sidecar\nmetadata: { name: s }\nspec: {}\n", []],
    [
      "apiVersion: networking.istio.io/v1\nkind: Sidecar\nmetadata: { name: s }\nspec: { egress: [{ hosts: ['./*'] }], ingress: [{ port: { number: 1 }, defaultEndpoint: 'unix:///x', connectionPool: { http: { http2MaxRequests: 1, maxRetries: 1 } } }] }\n",
      [
        "MD2001 spec.egress 4",
        "MD2001 spec.ingress[0].defaultEndpoint 4",
        "MD2001 spec.ingress[0].connectionPool.http.maxRetries 4",
      ],
    ],
    [
      "apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: { name: d }\nspec: { host: a, trafficPolicy: { connectionPool: { tcp: { maxConnections: 1 }, http: { http2MaxRequests: 1, h2UpgradePolicy: UPGRADE } } } }\n",
      ["MD2001 spec.trafficPolicy.connectionPool.tcp 4"],
    ],
    [
      "apiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: { name: s }\nspec: { hosts: [a.example] }\n",
      ["MD2001 kind 2"],
    ],
    [
      "apiVersion: security.istio.io/v1\nkind: RequestAuthentication\nmetadata: { name: r }\nspec: { jwtRules: [{ issuer: a, presence: REQUIRED, outputPayloadToHeader: Host }] }\n",
      ["MD2001 spec.jwtRules[0].presence 4", "MD2001 spec.jwtRules[0].outputPayloadToHeader 4"],
    ],
    ["apiVersion: security.istio.io/v1\nkind: RequestAuthentication\nmetadata: { name: r }\nspec: {}\n", []],
    ["apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: { name: r }\nspec: {}\n", ["MD2002 kind 2"]],
    ["apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: { name: r }\nspec: {}\n", ["MD2001 kind 2"]],
    ["apiVersion: v1\nkind: ServiceAccount\nmetadata: { name: r }\n", []],
  ])("%s", (text, expected) => {
    expect(found(text)).toEqual(expected);
  });

  it("other documents are counted by kind, with their places", () => {
    const resources = resourcesOf(other("Ingress", "a") + other("Ingress", "b") + other("CronJob", "c"));
    expect(
      unenforced(resources).map(({ code, severity, message, hint, at }) => [code, severity, message, hint, at?.line]),
    ).toEqual([
      ["MD2001", "info", "not used here: 2 Ingress", "the others: mesh.yaml:6:1", 2],
      ["MD2001", "info", "not used here: 1 CronJob", undefined, 10],
    ]);
    expect(unenforced(resources, new Set(resources))).toEqual([]);
  });
});

describe("MeshConfig", () => {
  it("reads what it acts on and keeps the rest", () => {
    const raw = {
      rootNamespace: "root",
      trustDomain: "corp.example",
      trustDomainAliases: ["old"],
      enableAutoMtls: false,
      outboundTrafficPolicy: { mode: "REGISTRY_ONLY" },
      pathNormalization: { normalization: "DECODE_AND_MERGE_SLASHES" },
      meshMTLS: { minProtocolVersion: "TLSV1_3" },
      defaultServiceExportTo: ["."],
      defaultHttpRetryPolicy: { attempts: 0 },
      h2UpgradePolicy: "UPGRADE",
      accessLogFile: "/dev/stdout",
    };
    expect(resolveMeshConfig(raw)).toEqual({
      problems: [],
      value: {
        rootNamespace: "root",
        trustDomain: "corp.example",
        trustDomainAliases: ["old"],
        enableAutoMtls: false,
        outboundTrafficPolicy: "REGISTRY_ONLY",
        pathNormalization: "DECODE_AND_MERGE_SLASHES",
        minProtocolVersion: "TLSV1_3",
        h2UpgradePolicy: "UPGRADE",
        defaultConfig: {},
        defaultServiceExportTo: ["."],
        defaultVirtualServiceExportTo: ["*"],
        defaultDestinationRuleExportTo: ["*"],
        defaultHttpRetryPolicy: { attempts: 0 },
        extensionProviders: [],
        raw,
      },
    });
    expect(unenforcedMeshConfig(raw).map((problem) => problem.field)).toEqual(["meshConfig.accessLogFile"]);
  });

  it.each([
    ["DEFAULT", "BASE"],
    ["NONE", "NONE"],
    ["MERGE_SLASHES", "MERGE_SLASHES"],
  ])("path normalization %s is %s", (written, meant) => {
    expect(resolveMeshConfig({ pathNormalization: { normalization: written } }).value?.pathNormalization).toBe(meant);
  });

  it.each([
    [{ trustDomain: "" }, "trustDomain", "trustDomain: empty domain name not allowed"],
    [{ trustDomain: "a_b" }, "trustDomain", 'trustDomain: trust domain name "a_b" invalid'],
    [{ trustDomain: "a@b.c" }, "trustDomain", 'trustDomain: trust domain name "a@b.c" invalid'],
    [{ trustDomain: "a..b" }, "trustDomain", 'trustDomain: trust domain name "a..b" invalid'],
    [{ trustDomain: `${"a".repeat(64)}.b` }, "trustDomain", "invalid"],
    [
      { trustDomainAliases: ["ok", "*.b"] },
      "trustDomainAliases[1]",
      "trustDomainAliases[1], domain '*.b' : trust domain name \"*.b\" invalid",
    ],
    [{ connectTimeout: "0s" }, "connectTimeout", "must be a valid duration greater than 1ms"],
    [{ connectTimeout: "1500us" }, "connectTimeout", "invalid connect timeout: only durations to ms precision"],
    [{ connectTimeout: "2h" }, "connectTimeout", "invalid connect timeout: time 2h must be >1ms and <1h0m0s"],
    [{ meshMTLS: { ecdhCurves: ["P-256"] } }, "meshMTLS.ecdhCurves", "mesh TLS does not support ECDH curves"],
    [{ pathNormalization: { normalization: "FULL" } }, "pathNormalization.normalization", "FULL"],
    [{ enableAutoMtls: "yes" }, "enableAutoMtls", "true or false"],
    [{ extensionProviders: [{ name: "a", envoyExtAuthzHttp: { port: "x" } }] }, "extensionProviders[0]", "port"],
  ])("refuses what istiod refuses: %j", (raw, field, message) => {
    const { value, problems } = resolveMeshConfig(raw);
    expect(value).toBeUndefined();
    expect(problems[0]?.code).toBe("MD2013");
    expect(problems[0]?.field).toContain(`meshConfig.${field}`);
    expect(problems[0]?.message).toContain(message);
  });

  it.each(["corp.example", "corp.example.", "Corp.Example", "a", "1.2.3.4", "a-b"])(
    "takes the trust domain %s",
    (trustDomain) => {
      expect(resolveMeshConfig({ trustDomain }).problems).toEqual([]);
    },
  );

  it("refuses a mode it does not know rather than allowing any", () => {
    expect(resolveMeshConfig({ outboundTrafficPolicy: { mode: "REGISTRY_ONLI" } })).toEqual({
      problems: [expect.objectContaining({ code: "MD2013", hint: "REGISTRY_ONLI: did you mean REGISTRY_ONLY?" })],
    });
  });
});

import { expect, it } from "vitest";
import { checkCustomProviders } from "../../../runtime/config/custom-providers.ts";
import { resolveMeshConfig } from "../../../runtime/config/mesh-config.ts";
import { paperMesh, paperService, paperWorkload } from "../../support/paper-mesh.ts";

const service = "authz.default.svc.cluster.local";
const http = (more: object = {}): object => ({ name: "p", envoyExtAuthzHttp: { service, port: 8000, ...more } });

it("reads every field, with Istio's defaults", () => {
  const [provider] = resolveMeshConfig({ extensionProviders: [http()] }).value?.extensionProviders ?? [];
  expect(provider).toMatchObject({
    name: "p",
    faults: [],
    settings: { service, port: 8000, timeoutMs: 600_000, failOpen: false, statusOnError: 403, body: undefined },
  });
  const given = {
    timeout: "1.5s",
    failOpen: true,
    statusOnError: "503",
    pathPrefix: "/check",
    includeHeadersInCheck: ["old"],
    includeAdditionalHeadersInCheck: { "X-B": "2", "x-a": "1" },
    includeRequestBodyInCheck: { maxRequestBytes: 9, allowPartialMessage: true, packAsBytes: true },
    headersToUpstreamOnAllow: ["x-*"],
  };
  const [full] = resolveMeshConfig({ extensionProviders: [http(given)] }).value?.extensionProviders ?? [];
  expect(full?.settings).toEqual({
    service,
    port: 8000,
    timeoutMs: 1500,
    failOpen: true,
    statusOnError: 503,
    body: { maxBytes: 9, allowPartial: true, asBytes: true },
    http: {
      pathPrefix: "/check",
      requestHeaders: ["old"],
      additionalHeaders: [
        ["x-a", "1"],
        ["x-b", "2"],
      ],
      toUpstreamOnAllow: ["x-*"],
      toDownstreamOnAllow: [],
      toDownstreamOnDeny: [],
    },
  });
});

it.each([
  [http({ port: 70_000 }), "port must be in the range [1, 65535], found: 70000"],
  [http({ statusOnError: "999" }), "unsupported statusOnError 999"],
  [http({ statusOnError: "x" }), 'invalid statusOnError "x"'],
  [http({ pathPrefix: "check" }), 'pathPrefix must begin with `/`, found: "check"'],
  [
    http({ headersToUpstreamOnAllow: ["*"] }),
    'a single wildcard ("*") is not supported, change it to either prefix or suffix match: HeadersToUpstreamOnAllow',
  ],
  [{ ...http(), name: "" }, "name must not be empty, found empty at index: 0"],
  [
    { ...http(), name: "Up" },
    `invalid provider name "Up": uppercase letters not allowed (use lowercase): character 'U' at position 0`,
  ],
])("what is wrong is a warning, and nobody is asked: %j", (entry, fault) => {
  const read = resolveMeshConfig({ extensionProviders: [entry] });
  expect(read.value?.extensionProviders[0]).toMatchObject({ faults: [fault], settings: undefined });
  expect(read.problems).toMatchObject([{ code: "MD2013", severity: "warning" }]);
});

it("a wrong shape refuses the MeshConfig", () => {
  expect(resolveMeshConfig({ extensionProviders: [http({ failOpen: "yes" })] }).problems).toMatchObject([
    { code: "MD2013", severity: "error" },
  ]);
});

function told(providers: readonly object[], ...names: readonly string[]): readonly string[] {
  const yaml = names.map((name, index) =>
    JSON.stringify({
      apiVersion: "security.istio.io/v1",
      kind: "AuthorizationPolicy",
      metadata: { name: `a${index}`, namespace: "default" },
      spec: { action: "CUSTOM", provider: { name }, rules: [{}] },
    }),
  );
  const mesh = paperMesh({
    workloads: [paperWorkload("backend", "10.244.0.3")],
    services: [
      paperService("authz", "10.96.0.9", [
        [8000, 8000, "http"],
        [9000, 9000, "grpc"],
      ]),
    ],
    yaml: yaml.join("\n---\n"),
    meshConfig: { extensionProviders: providers },
  });
  const messages: string[] = [];
  checkCustomProviders(mesh, (code, _resource, field, message) => messages.push(`${code} ${field} ${message}`));
  return messages;
}

it("a policy whose provider cannot be asked is told", () => {
  expect(told([http()], "p")).toEqual([]);
  expect(told([http()], "q")).toEqual([
    'MD2020 spec.provider.name available providers are [p] but found "q": what the policy matches is refused',
  ]);
  expect(told([http({ service: "gone.default.svc.cluster.local" })], "p")[0]).toMatch(/could not find service gone/);
  expect(told([http({ port: 8001 })], "p")[0]).toMatch(/has no port 8001/);
  expect(told([{ name: "p", envoyExtAuthzGrpc: { service, port: 8000 } }], "p")[0]).toMatch(/not declared as gRPC/);
  expect(told([{ name: "p", envoyExtAuthzGrpc: { service, port: 9000 } }], "p")).toEqual([]);
  expect(told([http(), { ...http(), name: "r" }], "p", "r")[0]).toMatch(/only 1 provider can be used per workload/);
});

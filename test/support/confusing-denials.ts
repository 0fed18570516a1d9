import type { Case, CaseRequest } from "../conformance/case.ts";

/** A denial that people stare at, and what they should be told in two lines. */
export interface ConfusingDenial {
  readonly name: string;
  readonly config: string;
  readonly mesh?: Case["mesh"];
  readonly request: Omit<CaseRequest, "id">;
  readonly text: RegExp;
  /** A piece of the line of YAML to look at. */
  readonly at: string;
}

const head = "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\n";
const fromFrontend: Omit<CaseRequest, "id"> = {
  from: "frontend",
  url: "http://backend.default:8080/orders",
  method: "GET",
};

export const confusingDenials: readonly ConfusingDenial[] = [
  {
    name: "default deny",
    config: `${head}metadata: {name: allow-nothing}\nspec: {}\n`,
    request: fromFrontend,
    text: /^nothing is allowed here: AuthorizationPolicy default\/allow-nothing is an ALLOW policy without a rule$/,
    at: "apiVersion",
  },
  {
    name: "HTTP rule on a TCP port",
    config: `${head}metadata: {name: readers}\nspec:\n  rules:\n  - to:\n    - operation:\n        methods: [GET]\n`,
    request: { from: "frontend", tcp: { host: "backend.default", port: 9000, send: "hello\n" } },
    text: /^no ALLOW rule matched: to\.operation\.methods needs HTTP, and this is not an HTTP connection, so this rule never matches$/,
    at: "methods: [GET]",
  },
  {
    name: "PERMISSIVE plaintext with a principal",
    config: `apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: peers}
spec:
  mtls:
    mode: PERMISSIVE
---
${head}metadata: {name: web-only}
spec:
  rules:
  - from:
    - source:
        principals: [cluster.local/ns/default/sa/frontend]
`,
    request: { from: "outsider", url: "http://backend-v1.pod:8080/orders", method: "GET" },
    text: /^the caller has no principal because the connection was plaintext, which PERMISSIVE at \S+:6:\d+ lets in: from\.source\.principals wants cluster\.local\/ns\/default\/sa\/frontend, the caller has no identity$/,
    at: "principals:",
  },
  {
    name: "trust domain without an alias",
    config: `${head}metadata: {name: partner}\nspec:\n  rules:\n  - from:\n    - source:\n        principals: [old.example/ns/default/sa/frontend]\n`,
    request: fromFrontend,
    text: /principals wants old\.example\/.*, the caller is cluster\.local\/ns\/default\/sa\/frontend; only the trust domain differs: old\.example is neither this mesh's trustDomain nor one of its trustDomainAliases$/,
    at: "principals:",
  },
  {
    name: "path normalization",
    config: `${head}metadata: {name: public}\nspec:\n  rules:\n  - to:\n    - operation:\n        paths: [/public/*]\n`,
    request: { from: "outsider", url: "http://backend-v1.pod:8080/public/%2e%2e/admin", method: "GET" },
    text: /^no ALLOW rule matched: to\.operation\.paths wants \/public\/\*, the request has \/admin \(sent as \/public\/%2e%2e\/admin\)$/,
    at: "paths:",
  },
  {
    name: "claim nested, not dotted",
    config: `apiVersion: security.istio.io/v1
kind: RequestAuthentication
metadata: {name: tokens}
spec:
  jwtRules:
  - issuer: https://issuer.example
    jwks: '{{JWKS}}'
---
${head}metadata: {name: admins}
spec:
  rules:
  - when:
    - key: request.auth.claims[realm_access.roles]
      values: [admin]
`,
    request: {
      ...fromFrontend,
      jwt: { iss: "https://issuer.example", sub: "alice", claims: { realm_access: { roles: ["admin"] } } },
    },
    text: /claims\[realm_access\.roles\] wants admin, the token has no such claim; the claim is nested: request\.auth\.claims\[realm_access\]\[roles\]$/,
    at: "values: [admin]",
  },
  {
    name: "two policies, DENY wins",
    config: `${head}metadata: {name: a-frontend}
spec:
  rules:
  - from:
    - source:
        principals: [cluster.local/ns/default/sa/frontend]
---
${head}metadata: {name: z-no-orders}
spec:
  action: DENY
  rules:
  - to:
    - operation:
        paths: [/orders]
`,
    request: fromFrontend,
    text: /^a DENY rule matched: to\.operation\.paths is \/orders and the request has \/orders; ALLOW AuthorizationPolicy default\/a-frontend rule 0 matches too, but DENY comes first$/,
    at: "paths: [/orders]",
  },
  {
    name: "CUSTOM unreachable",
    mesh: {
      extensionProviders: [
        { name: "opa", envoyExtAuthzGrpc: { service: "opa.default.svc.cluster.local", port: 9191, timeout: "0.2s" } },
      ],
    },
    config: `${head}metadata: {name: ask-opa}\nspec:\n  action: CUSTOM\n  provider: {name: opa}\n  rules:\n  - {}\n`,
    request: fromFrontend,
    text: /^external authorizer opa gave no answer: .+; a CUSTOM policy fails closed$/,
    at: "- {}",
  },
  {
    name: "host with port",
    config: `${head}metadata: {name: by-host}\nspec:\n  rules:\n  - to:\n    - operation:\n        hosts: [backend.default]\n`,
    request: fromFrontend,
    text: /hosts wants backend\.default, the request has backend\.default:8080; only the port differs: hosts are compared with it$/,
    at: "hosts:",
  },
  {
    name: "wrong namespace",
    config: `${head}metadata: {name: from-shop}\nspec:\n  rules:\n  - from:\n    - source:\n        namespaces: [shop]\n`,
    request: fromFrontend,
    text: /^no ALLOW rule matched: from\.source\.namespaces wants shop, the caller is default$/,
    at: "namespaces: [shop]",
  },
];

/** A small mesh with the policies of one denial. */
export function denialCase({ name, config, mesh, request }: ConfusingDenial): Case {
  return {
    id: `own/confusing/${name.replaceAll(/\W+/g, "-")}`,
    mesh: mesh ?? {},
    features: {},
    namespaces: {},
    dns: {},
    workloads: [
      { name: "frontend", serviceAccount: "frontend", sidecar: true },
      {
        name: "backend-v1",
        serviceAccount: "backend",
        labels: { app: "backend" },
        sidecar: true,
        ports: [8080, 9000].map((port) => ({ port, mode: "auto" })),
      },
      { name: "outsider", sidecar: false },
    ],
    services: [
      {
        name: "backend",
        selector: { app: "backend" },
        ports: [
          { name: "http", port: 8080 },
          { name: "tcp", port: 9000 },
        ],
      },
      { name: "opa", selector: { app: "opa" }, ports: [{ name: "grpc", port: 9191 }] },
    ],
    config,
    requests: [{ id: "r01", ...request }],
  };
}

import * as fc from "fast-check";
import { nearly, pattern, texts } from "./texts.ts";

type Values = fc.Arbitrary<readonly string[]>;

/** One to three; sometimes an empty list, which says nothing. */
function some(value: fc.Arbitrary<string>): Values {
  return fc.oneof({ weight: 12, arbitrary: fc.array(value, { minLength: 1, maxLength: 3 }) }, fc.constant([]));
}

const template = fc.constantFrom(
  "/admin/{**}",
  "/api/{*}/users",
  "/api/{*}/users/{**}",
  "/store/{**}/cart",
  "/store/{*}/cart",
  "/{*}",
  "/{**}",
  "/{*}/{*}",
);
const path = fc.oneof({ weight: 3, arbitrary: pattern(texts.paths) }, template).map(withoutBraces);
const address = fc.oneof(fc.constantFrom(...texts.addresses), fc.constantFrom(...texts.blocks));
const port = fc.constantFrom(...texts.ports);
const principal = fc.oneof(
  { weight: 3, arbitrary: pattern(texts.identities) },
  fc.constantFrom(
    "*/ns/default/sa/frontend",
    "spiffe://cluster.local/ns/default/sa/frontend",
    "*-td/ns/other/sa/shop",
    "*",
  ),
);
const namespace = fc.oneof(
  { weight: 3, arbitrary: pattern(texts.namespaces) },
  fc.constantFrom("def*lt", "*", "d*", "*t", "default/x"),
);
const account = fc
  .tuple(fc.constantFrom(...texts.namespaces), nearly(texts.accounts), fc.boolean())
  .map(([space, name, bare]) => (bare ? name : `${space}/${name}`));
const trustDomain = fc.oneof(
  { weight: 3, arbitrary: nearly(texts.trustDomains) },
  fc.constantFrom("*", "cluster.*", "*.local", "*-td", "td*"),
);

const words = pattern(texts.words);
const requestPrincipal = fc.oneof(
  fc.tuple(fc.constantFrom(...texts.issuers), fc.constantFrom(...texts.subjects)).map((each) => each.join("/")),
  fc.constantFrom(
    "*",
    "https://issuer.example/*",
    "*/alice",
    "*ice",
    "https://second*",
    "*.example/bob",
    "alice",
    "*/*",
  ),
  pattern(texts.issuers),
);

/** A field or its negation, or neither. */
function field(name: string, values: Values): fc.Arbitrary<Readonly<Record<string, readonly string[]>>> {
  const negation = `not${name.charAt(0).toUpperCase()}${name.slice(1)}`;
  return fc.tuple(fc.nat({ max: 9 }), values, values).map(([form, given, other]) => {
    if (form < 5) return {};
    if (form < 8) return { [name]: given };
    return form === 8 ? { [negation]: given } : { [name]: given, [negation]: other };
  });
}

function all(
  ...fields: readonly fc.Arbitrary<Readonly<Record<string, readonly string[]>>>[]
): fc.Arbitrary<Readonly<Record<string, readonly string[]>>> {
  return fc.tuple(...fields).map((parts) => Object.assign({}, ...parts) as Readonly<Record<string, readonly string[]>>);
}

const names = fc.oneof(
  all(field("principals", some(principal)), field("namespaces", some(namespace))),
  // Accounts stand beside neither of them (spec VA-9).
  field("serviceAccounts", some(account)),
);
const source = all(
  names,
  field("requestPrincipals", some(requestPrincipal)),
  field("trustDomains", some(trustDomain)),
  field("ipBlocks", some(address)),
  field("remoteIpBlocks", some(address)),
);
const operation = all(
  field("hosts", some(pattern(texts.hosts))),
  field("ports", some(port)),
  field("methods", some(pattern(texts.methods))),
  field("paths", some(path)),
);

const conditionValues: readonly (readonly [key: string, value: fc.Arbitrary<string>])[] = [
  ["request.headers[X-Role]", pattern(texts.roles)],
  ["request.headers[x-role]", pattern(texts.roles)],
  ["request.headers[:method]", pattern(texts.methods)],
  ["request.headers[:path]", pattern(texts.paths)],
  ["request.headers[host]", pattern(texts.hosts)],
  ["source.ip", address],
  ["remote.ip", address],
  ["source.namespace", namespace],
  ["source.principal", principal],
  ["source.serviceAccount", account],
  ["source.trustDomain", trustDomain],
  ["destination.ip", address],
  ["destination.port", port],
  ["connection.sni", pattern(texts.names)],
  ["request.auth.principal", requestPrincipal],
  ["request.auth.audiences", pattern(["api", "web"])],
  ["request.auth.presenter", pattern(["cli", "app"])],
  ["request.auth.claims[groups]", words],
  ["request.auth.claims[role]", words],
  ["request.auth.claims[scope]", words],
  ["request.auth.claims[teams]", words],
  ["request.auth.claims[nested][inner]", words],
  ["request.auth.claims[nested][absent]", words],
];
const condition = fc.constantFrom(...conditionValues).chain(([key, value]) =>
  fc
    .tuple(
      fc.nat({ max: 3 }),
      fc.array(value, { minLength: 1, maxLength: 3 }),
      fc.array(value, { minLength: 1, maxLength: 3 }),
    )
    .map(([form, values, notValues]) => {
      if (form < 2) return { key, values };
      return form === 2 ? { key, notValues } : { key, values, notValues };
    }),
);

const rule = fc.record(
  {
    from: fc.array(
      source.map((each) => ({ source: orAny(each, "namespaces") })),
      { maxLength: 2 },
    ),
    to: fc.array(
      operation.map((each) => ({ operation: orAny(each, "paths") })),
      { maxLength: 2 },
    ),
    when: fc.array(condition, { maxLength: 2 }),
  },
  { requiredKeys: [] },
);

const policyNamespace = fc.constantFrom("default", "default", "default", "istio-system", "other");
const selector = fc.constantFrom<object>(
  {},
  {},
  { selector: { matchLabels: { app: "backend" } } },
  { selector: { matchLabels: { app: "backend", version: "v1" } } },
  { selector: { matchLabels: { version: "v2" } } },
  { selector: {} },
);

function metadata(name: string, namespace: string, dryRun: boolean): object {
  return { name, namespace, ...(dryRun ? { annotations: { "istio.io/dry-run": "true" } } : {}) };
}

/** AuthorizationPolicies of which validation accepts nearly all. */
export const authorizationPolicies: fc.Arbitrary<readonly object[]> = fc
  .array(
    fc.record({
      namespace: policyNamespace,
      action: fc.constantFrom("ALLOW", "ALLOW", "ALLOW", "DENY", "DENY", "AUDIT", undefined),
      selector,
      dryRun: fc.nat({ max: 11 }).map((each) => each === 0),
      rules: fc.oneof({ weight: 9, arbitrary: fc.array(rule, { minLength: 1, maxLength: 3 }) }, fc.constant(undefined)),
    }),
    { maxLength: 4 },
  )
  .map((drafts) =>
    drafts.map(({ namespace, action, selector: selected, dryRun, rules }, index) => ({
      apiVersion: "security.istio.io/v1",
      kind: "AuthorizationPolicy",
      metadata: metadata(`p${(index * 7) % 5}`, namespace, dryRun && action !== "AUDIT"),
      spec: {
        ...selected,
        ...(action === undefined ? {} : { action }),
        ...(rules === undefined && action !== "DENY" ? {} : { rules: rules ?? [{}] }),
      },
    })),
  );

/** What CUSTOM rules may say: nothing of identities (spec VA-3). */
const customSource = all(field("ipBlocks", some(address)), field("remoteIpBlocks", some(address)));
const customRule = fc.record(
  {
    from: fc.array(
      customSource.map((each) => ({ source: orAny(each, "ipBlocks", "0.0.0.0/0") })),
      { maxLength: 1 },
    ),
    to: fc.array(
      operation.map((each) => ({ operation: orAny(each, "paths") })),
      { maxLength: 2 },
    ),
  },
  { requiredKeys: [] },
);

/** Few meshes ask external authorizers; a workload with two providers asks neither. */
export const customPolicies: fc.Arbitrary<readonly object[]> = fc
  .array(
    fc.record({
      namespace: policyNamespace,
      selector,
      provider: fc.constantFrom("ext-authz-http", "ext-authz-http", "ext-authz-grpc", "ext-authz-grpc", "nobody"),
      rules: fc.array(customRule, { minLength: 1, maxLength: 2 }),
    }),
    { maxLength: 2 },
  )
  .map((drafts) =>
    drafts.map(({ namespace, selector: selected, provider, rules }, index) => ({
      apiVersion: "security.istio.io/v1",
      kind: "AuthorizationPolicy",
      metadata: { name: `c${index}`, namespace },
      spec: { ...selected, action: "CUSTOM", provider: { name: provider }, rules },
    })),
  );

const jwtRule = fc.record({
  issuer: fc.constantFrom(...texts.issuers),
  jwks: fc.constant("{{JWKS}}"),
  more: fc.constantFrom<object>({}, {}, { spaceDelimitedClaims: ["teams"] }, { forwardOriginalToken: true }),
});

/** What makes tokens count. */
export const requestAuthentications: fc.Arbitrary<readonly object[]> = fc
  .array(
    fc.record({ namespace: policyNamespace, selector, rules: fc.array(jwtRule, { minLength: 1, maxLength: 2 }) }),
    {
      maxLength: 2,
    },
  )
  .map((drafts) =>
    drafts.map(({ namespace, selector: selected, rules }, index) => ({
      apiVersion: "security.istio.io/v1",
      kind: "RequestAuthentication",
      metadata: { name: `j${index}`, namespace },
      spec: { ...selected, jwtRules: rules.map(({ more, ...given }) => ({ ...given, ...more })) },
    })),
  );

const mode = fc.constantFrom("STRICT", "PERMISSIVE", "PERMISSIVE", "DISABLE", "UNSET");

export const peerAuthentications: fc.Arbitrary<readonly object[]> = fc
  .array(
    fc.record({
      namespace: fc.constantFrom("default", "default", "istio-system", "other"),
      selected: fc.constantFrom("none", "backend", "backend", "v2"),
      mode: fc.option(mode, { nil: undefined }),
      ports: fc.dictionary(fc.constantFrom("8080", "8081", "80", "9000", "9500", "7000"), mode, { maxKeys: 3 }),
    }),
    { maxLength: 3 },
  )
  .map((drafts) =>
    drafts.map(({ namespace, selected, mode: said, ports }, index) => {
      const labels = selected === "v2" ? { version: "v2" } : { app: "backend" };
      const entries = Object.entries(ports).map(([each, mtls]) => [each, { mode: mtls }] as const);
      const isSelective = selected !== "none";
      return {
        apiVersion: "security.istio.io/v1",
        kind: "PeerAuthentication",
        metadata: { name: `a${index}`, namespace },
        spec: {
          ...(isSelective ? { selector: { matchLabels: labels } } : {}),
          ...(said === undefined ? {} : { mtls: { mode: said } }),
          ...(isSelective && entries.length > 0 ? { portLevelMtls: Object.fromEntries(entries) } : {}),
        },
      };
    }),
  );

/** Validation wants something in every source and operation. */
function orAny(fields: Readonly<Record<string, readonly string[]>>, name: string, value = "*"): object {
  return Object.values(fields).some((values) => values.length > 0) ? fields : { [name]: [value] };
}

/** Braces of a template that a cut has spoilt: validation would refuse them. */
function withoutBraces(value: string): string {
  return /^[^{}]*(?:\{\*\*?\}[^{}]*)*$/.test(value) ? value : value.replaceAll(/[{}]/g, "");
}

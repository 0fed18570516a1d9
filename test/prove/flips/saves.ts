import * as fc from "fast-check";
import { keySet, signedToken, signingKey } from "../../support/tokens.ts";

/** What callers say and policies ask for: the same few words, so that they meet. */
const words = {
  methods: ["GET", "POST", "DELETE"],
  paths: ["/api/a", "/api/b", "/admin", "/admin/x", "/public"],
  oddPaths: ["//api/a", "/api/%2e%2e/admin", "/api/a?q=1", "/api/a%2fb", "/./public", "/%zz"],
  accounts: ["web", "intruder", "shop"],
  teams: ["red", "blue"],
} as const;

const issuer = "https://id.example";
const key = signingKey("ES256", "flips");

/** Valid ones, one that runs out while the proof runs (Envoy adds a minute), one that ran out long ago, one that nobody signed. */
function tokensFrom(now: number): readonly string[] {
  const seconds = Math.floor(now / 1000);
  const token = (sub: string, exp: number): string => signedToken(key, { iss: issuer, sub, exp, role: `${sub}s` });
  return [
    token("alice", seconds + 36_000),
    token("bob", seconds + 36_000),
    token("carol", seconds - 30),
    token("dave", seconds - 36_000),
    `${token("eve", seconds + 36_000).slice(0, -8)}AAAAAAAA`,
  ];
}

export interface Call {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** What callers choose from. */
export function callsFrom(now: number): readonly Call[] {
  const tokens = tokensFrom(now);
  const paths = [...words.paths, ...words.paths, ...words.oddPaths];
  return paths.flatMap((path, at) =>
    words.methods.map((method, by) => {
      const token = tokens[(at * 3 + by) % (tokens.length + 4)];
      const team = words.teams[(at + by) % 3];
      return {
        method,
        path,
        headers: {
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
          ...(team === undefined ? {} : { "x-team": team }),
          ...(by === 1 ? { "content-length": "0" } : {}),
        },
      };
    }),
  );
}

type Json = Readonly<Record<string, unknown>>;

const some = (value: fc.Arbitrary<string>): fc.Arbitrary<readonly string[]> =>
  fc.array(value, { minLength: 1, maxLength: 2 });
const of = (values: readonly string[]): fc.Arbitrary<string> => fc.constantFrom(...values);
const principal = of([...words.accounts.map((account) => `cluster.local/ns/default/sa/${account}`), "*", "*/sa/web"]);
const path = of([...words.paths, "/api/*", "/admin*", "*a", "/api/a/b", "/{**}"]);
const address = of(["10.244.0.0/16", "127.0.0.0/8", "10.0.0.0/8"]);

const source = fc.oneof(
  fc.record({ principals: some(principal) }),
  fc.record({ notPrincipals: some(principal) }),
  fc.record({ namespaces: fc.constant(["default"]) }),
  fc.record({ requestPrincipals: some(of([`${issuer}/alice`, `${issuer}/*`, "*"])) }),
  fc.record({ notRequestPrincipals: fc.constant(["*"]) }),
  fc.record({ ipBlocks: some(address) }),
);
const operation = fc.oneof(
  fc.record({ methods: some(of(words.methods)) }),
  fc.record({ paths: some(path) }),
  fc.record({ paths: some(path), notMethods: some(of(words.methods)) }),
  fc.record({ ports: of(["8080", "9100"]).map((port) => [port]) }),
  fc.record({ hosts: of(["backend:8080", "backend*", "store*"]).map((host) => [host]) }),
);
const condition = fc.oneof(
  some(of(words.teams)).map((values) => ({ key: "request.headers[x-team]", values })),
  fc.constant({ key: "request.headers[x-forwarded-proto]", values: ["https"] }),
  fc.constant({ key: "request.auth.claims[role]", values: ["alices"] }),
  some(of(words.accounts)).map((accounts) => ({
    key: "source.principal",
    notValues: accounts.map((account) => `cluster.local/ns/default/sa/${account}`),
  })),
);
const maybe = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<readonly T[]> => fc.array(value, { maxLength: 1 });
const rule = fc.tuple(maybe(source), maybe(operation), maybe(condition)).map(([from, to, when]) => ({
  ...(from.length === 0 ? {} : { from: from.map((each) => ({ source: each })) }),
  ...(to.length === 0 ? {} : { to: to.map((each) => ({ operation: each })) }),
  ...(when.length === 0 ? {} : { when }),
}));

const selected = of(["backend", "store", ""]).map((app) => (app === "" ? {} : { selector: { matchLabels: { app } } }));

function resource(apiVersion: string, kind: string, name: string, spec: Json): Json {
  return { apiVersion, kind, metadata: { name, namespace: "default" }, spec };
}

const security = "security.istio.io/v1";

/** Whom nobody can ask who a caller is, Istio lets no CUSTOM policy depend on that. */
const customRule = fc.constantFrom(
  { to: [{ operation: { paths: ["/admin*"] } }] },
  { to: [{ operation: { methods: ["POST"], paths: ["/api/*"] } }] },
);

const authorization = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .tuple(
        selected,
        of(["ALLOW", "DENY"]),
        fc.array(rule, { minLength: 1, maxLength: 2 }),
        fc.integer({ min: 0, max: 9 }),
      )
      .map(([selector, action, rules, dryRun]) => ({ dryRun: dryRun === 0, spec: { ...selector, action, rules } })),
  },
  fc.tuple(selected, of(["authz", "nowhere"]), customRule).map(([selector, name, custom]) => ({
    dryRun: false,
    spec: { ...selector, action: "CUSTOM", provider: { name }, rules: [custom] },
  })),
);

const mode = of(["STRICT", "PERMISSIVE", "PERMISSIVE", "DISABLE"]);
const clientMode = of(["DISABLE", "ISTIO_MUTUAL"]);

/** A whole mesh folder in one file: each save replaces it. JSON is YAML. */
export const meshText = fc
  .record({
    authorizations: fc.array(authorization, { maxLength: 3 }),
    peers: maybe(fc.record({ selector: selected, mode })),
    tokens: fc.boolean(),
    clients: maybe(fc.record({ app: of(["backend", "store"]), mode: clientMode })),
  })
  .map(({ authorizations, peers, tokens, clients }) =>
    [
      ...authorizations.map(({ spec, dryRun }, at): Json => {
        const made = resource(security, "AuthorizationPolicy", `p${at}`, spec);
        const annotations = { "istio.io/dry-run": "true" };
        return dryRun ? { ...made, metadata: { name: `p${at}`, namespace: "default", annotations } } : made;
      }),
      ...peers.map(({ selector, mode: mtls }) =>
        resource(security, "PeerAuthentication", "peers", { ...selector, mtls: { mode: mtls } }),
      ),
      ...(tokens
        ? [resource(security, "RequestAuthentication", "jwt", { jwtRules: [{ issuer, jwks: keySet(key) }] })]
        : []),
      ...clients.map(({ app, mode: tls }) =>
        resource("networking.istio.io/v1", "DestinationRule", app, {
          host: `${app}.default.svc.cluster.local`,
          trafficPolicy: { tls: { mode: tls } },
        }),
      ),
    ]
      .map((each) => JSON.stringify(each, undefined, 1))
      .join("\n---\n"),
  );

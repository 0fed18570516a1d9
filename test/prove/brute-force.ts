import type { SampleRequest } from "../../runtime/access/sample.ts";
import type { Case, CaseWorkload } from "../conformance/case.ts";
import { authenticate } from "../reference/authenticate.ts";
import { authorize } from "../reference/authorize.ts";
import { declaredProtocol, labelsOf, meshOfCase, spaceOf } from "../reference/case.ts";
import { askProviders } from "../reference/custom.ts";
import { entriesOf, kindOf, listOf, part, textOf, textsOf } from "../reference/document.ts";
import { mtlsMode } from "../reference/mtls-mode.ts";
import type { ReferenceMesh } from "../reference/situation.ts";
import { addressOf } from "../reference/random/judge.ts";
import { texts } from "../reference/random/texts.ts";

/** One request of a finite domain. */
export interface Point {
  readonly workload: CaseWorkload;
  readonly port: number;
  readonly sample: SampleRequest;
}

export type Verdict = "allow" | "deny" | "beyond";

/** A port that neither services nor policies name. */
const otherPort = 6543;

/** What the server's sidecar says to a request by the specification alone; providers are taken to agree. */
export function judgePoints(spec: Case): (point: Point) => Verdict {
  const mesh = meshOfCase(spec);
  return (point) => judge(spec, mesh, point);
}

function judge(spec: Case, mesh: ReferenceMesh, { workload, port, sample }: Point): Verdict {
  const place = { namespace: spaceOf(workload), labels: labelsOf(workload) };
  const mode = mtlsMode(mesh, place, port);
  if (mode === "STRICT" && sample.peer === undefined) return "deny";
  const peer = mode === "DISABLE" || sample.peer === undefined ? undefined : sample.peer;
  const connection = {
    peer: peer === undefined ? undefined : { uris: [peer], dns: [], subject: "" },
    sourceIp: sample.sourceIp,
    destinationIp: addressOf(workload),
    destinationPort: port,
    // Under PERMISSIVE, TLS that is not the mesh's passes a TCP port untouched, and its SNI is read (spec PA-13).
    sni: peer !== undefined || (mode === "PERMISSIVE" && sample.layer === "tcp") ? sample.sni : undefined,
  };
  const providers = {
    known: { "ext-authz-http": "http", "ext-authz-grpc": "grpc" } as const,
    several: spec.features["PILOT_ENABLE_MULTIPLE_CUSTOM_AUTHZ_PROVIDERS"] === "true",
    allows: () => true,
  };
  const asked = { mesh, workload: place, connection };
  if (sample.layer === "tcp") {
    if (askProviders({ ...asked, request: undefined }, providers).kind === "denied") return "deny";
    return authorize({ ...asked, request: undefined }).verdict;
  }
  const headers = Object.entries(sample.headers).flatMap(([name, lines]) => lines.map((line) => [name, line] as const));
  const head = { method: sample.method, authority: sample.host, target: sample.path, headers };
  if (askProviders({ ...asked, request: head }, providers).kind === "denied") return "deny";
  const token = sample.token.kind === "accepted" ? { payload: sample.token.claims, isSound: true } : undefined;
  const identity = authenticate(mesh, place, token);
  if (identity.kind === "beyond") return "beyond";
  if (identity.kind === "refused") return "deny";
  return authorize({ ...asked, request: { ...head, claims: identity.claims } }).verdict;
}

/** Values per part of a request: what policies name, what the request has, and some that nobody named. */
interface Domain {
  readonly places: readonly {
    readonly workload: CaseWorkload;
    readonly port: number;
    readonly layer: "http" | "tcp";
  }[];
  readonly parts: readonly (readonly Partial<SampleRequest>[])[];
}

/**
 * Every point that differs from `origin` in one part, a third of those that differ in two, and `more` that differ in all; all of them at
 * the origin's port, shares of them at every other port of every workload.
 * `fits`: whether a value can be what a sidecar sees.
 */
export function pointsOf(
  spec: Case,
  { port, sample: origin }: Pick<Point, "port" | "sample">,
  fits: (sample: SampleRequest) => boolean,
  below: (limit: number) => number,
  more: number,
): readonly Point[] {
  const { places, parts } = domainOf(spec, origin, port);
  const near = parts.flatMap((changes, at) =>
    changes.flatMap((change) => [
      { ...origin, ...change },
      ...parts
        .slice(at + 1)
        .flatMap((others) => others.filter(() => below(3) === 0).map((other) => merged(merged(origin, change), other))),
    ]),
  );
  const far = Array.from({ length: more }, () =>
    parts.reduce<SampleRequest>((sample, changes) => {
      const change = changes[below(changes.length)];
      return change === undefined ? sample : merged(sample, change);
    }, origin),
  );
  const samples = [origin, ...near, ...far].filter(fits);
  return places.flatMap(({ workload, port, layer }, at) =>
    samples
      .filter((_, index) => at === 0 || index % 4 === at % 4)
      .map((sample) => ({ workload, port, sample: { ...sample, layer } })),
  );
}

function merged(sample: SampleRequest, change: Partial<SampleRequest>): SampleRequest {
  return { ...sample, ...change, headers: { ...sample.headers, ...change.headers } };
}

function domainOf(spec: Case, origin: SampleRequest, originPort: number): Domain {
  const mesh = meshOfCase(spec);
  const named = valuesOf(mesh.documents);
  const like = (...keys: readonly string[]): readonly string[] =>
    keys
      .flatMap((key) => named.get(key) ?? [])
      .map((value) => value.replace(/^\*|\*$/g, "").replaceAll(/\{\*\*?\}/g, "x"));
  const some = <T>(values: readonly T[], most: number): readonly T[] => [...new Set(values)].slice(0, most);
  const identities = some(
    [...like("principals", "source.principal"), ...texts.identities].filter(
      (each) =>
        /^[a-z0-9.-]+\/ns\/[a-z0-9.-]+\/sa\/[a-z0-9.-]+$/.test(each) &&
        mesh.trustDomains.includes(each.split("/")[0] ?? ""),
    ),
    6,
  );
  const issuers = listOf(mesh.documents).flatMap((document) =>
    kindOf(document) === "RequestAuthentication"
      ? listOf(part(document, "spec", "jwtRules")).map((rule) => textOf(part(rule, "issuer")))
      : [],
  );
  const claims = [
    {},
    { groups: ["dev"] },
    { role: "admin", scope: "read write" },
    { aud: ["api"], azp: "cli" },
    { nested: { inner: "dev" }, teams: ["ops"] },
  ];
  const stranger = `${mesh.trustDomains[0]}/ns/elsewhere/sa/stranger`;
  const parts: Domain["parts"] = [
    [{ peer: undefined, sni: undefined }, ...[...identities, stranger].map((each) => ({ peer: `spiffe://${each}` }))],
    some(["10.244.1.31", "203.0.113.7", "192.0.2.200", "2001:db8::5"], 4).map((sourceIp) => ({ sourceIp })),
    some(["outbound_.8080_._.backend.default.svc.cluster.local", "elsewhere.example"], 2).map((sni) => ({ sni })),
    some([...like("methods", "request.headers[:method]"), "GET", "POST", "X-OTHER"], 5)
      .filter((each) => /^[A-Za-z-]+$/.test(each) && each !== "CONNECT")
      .map((method) => ({ method })),
    some([...like("hosts", "request.headers[host]"), "backend.default", "elsewhere.example"], 4)
      .filter((each) => /^[A-Za-z0-9._-]+(?::[0-9]+)?$/.test(each))
      .map((host) => ({ host })),
    some([...like("paths", "request.headers[:path]"), "/admin", "/nobody/named/this"], 7)
      .filter((each) => each.startsWith("/"))
      .map((path) => ({ path })),
    some([...like("request.headers[X-Role]", "request.headers[x-role]"), "nobody"], 4)
      .filter((each) => /^[!-~]+$/.test(each))
      .map((role) => ({ headers: { "x-role": [role] } })),
    [{ headers: { "x-forwarded-for": ["203.0.113.7"] } }, { headers: { "x-forwarded-for": ["198.51.100.9"] } }],
    [
      { token: { kind: "none" } },
      ...some(issuers, 2).flatMap((iss) =>
        claims.map((more, at) => ({
          token: { kind: "accepted", claims: { iss, sub: at % 2 === 0 ? "alice" : "bob", ...more } } as const,
        })),
      ),
    ],
  ];
  const target = spec.workloads.find(({ name }) => name === "backend-v1");
  const others = spec.workloads.filter(({ sidecar, name }) => sidecar === true && name !== "backend-v1");
  const places = [...(target === undefined ? [] : [target]), ...others].flatMap((workload) =>
    (workload === target ? [8080, 8081, 9000, 9500, 7000, otherPort] : [8080, otherPort]).flatMap((port) => {
      const declared = declaredProtocol(spec, workload, port);
      const layers =
        declared === "auto" ? (["http", "tcp"] as const) : ([declared === "tcp" ? "tcp" : "http"] as const);
      return layers.map((layer) => ({ workload, port, layer }));
    }),
  );
  const own = places.filter(
    ({ workload, port, layer }) => workload === target && port === originPort && layer === origin.layer,
  );
  return { places: [...own, ...places.filter((each) => !own.includes(each))], parts };
}

/** Values that policies name, by field without its negation or by key. */
function valuesOf(documents: readonly unknown[]): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  const enter = (name: string, values: readonly string[]): void => {
    found.set(name, [...(found.get(name) ?? []), ...values]);
  };
  for (const document of documents) {
    for (const rule of listOf(part(document, "spec", "rules"))) {
      const groups = [
        ...listOf(part(rule, "from")).map((each) => part(each, "source")),
        ...listOf(part(rule, "to")).map((each) => part(each, "operation")),
      ];
      for (const group of groups)
        for (const [name, values] of entriesOf(group))
          enter(
            name.replace(/^not(.)/, (_, first: string) => first.toLowerCase()),
            textsOf(values),
          );
      for (const condition of listOf(part(rule, "when")))
        enter(textOf(part(condition, "key")), [
          ...textsOf(part(condition, "values")),
          ...textsOf(part(condition, "notValues")),
        ]);
    }
  }
  return found;
}

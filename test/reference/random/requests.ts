import * as fc from "fast-check";
import type { CaseRequest, CaseToken } from "../../conformance/case.ts";
import { nearly, texts } from "./texts.ts";

const target = fc.oneof(
  { weight: 3, arbitrary: nearly(texts.paths).map((path) => path.replaceAll(" ", "")) },
  fc.constantFrom(...texts.oddTargets),
);

/** What a request says of itself on HTTP ports. */
const head = fc.record(
  {
    method: fc.constantFrom(...texts.methods),
    host: nearly(texts.hosts),
    target,
    authorized: fc.constantFrom("allow", "allow", "deny", undefined),
    role: fc.option(fc.constantFrom("admin", "administrator", "Admin", "", "user", "a"), { nil: undefined }),
    forwardedFor: fc.option(
      fc.constantFrom(
        "203.0.113.7",
        "203.0.113.8",
        "203.0.113.7, 198.51.100.9",
        "2001:db8::5",
        "2001:db8::8",
        "unknown",
        "203.0.113.7:80",
      ),
      { nil: undefined },
    ),
  },
  { requiredKeys: ["method", "host", "target"] },
);

interface Told {
  readonly host: string;
  readonly authorized?: string | undefined;
  readonly role?: string | undefined;
  readonly forwardedFor?: string | undefined;
}

function headersOf({ host, authorized, role, forwardedFor }: Told): readonly (readonly [string, string])[] {
  return [
    ["host", host] as const,
    ...(authorized === undefined ? [] : [["x-ext-authz", authorized] as const]),
    ...(role === undefined ? [] : [["x-role", role] as const]),
    ...(forwardedFor === undefined ? [] : [["x-forwarded-for", forwardedFor] as const]),
  ];
}

const claimed = fc.record(
  {
    groups: fc.array(fc.constantFrom(...texts.words), { maxLength: 2 }),
    role: fc.constantFrom<unknown>("admin", "dev", "", 1, true),
    scope: fc.constantFrom("read write", "read", "", "admin"),
    teams: fc.constantFrom<unknown>("dev ops", ["ops"], "dev"),
    azp: fc.constantFrom("cli", "app"),
    nested: fc.constantFrom<unknown>({ inner: "dev" }, { inner: ["ops", 1] }, "dev", {}),
  },
  { requiredKeys: [] },
);

/** A token; few are expired, by another key, or of an issuer that nobody knows. */
export const token: fc.Arbitrary<CaseToken> = fc
  .record({
    iss: fc.constantFrom(...texts.issuers, ...texts.issuers, ...texts.issuers, "https://nobody.example"),
    sub: fc.constantFrom(...texts.subjects),
    aud: fc.option(fc.constantFrom<string | readonly string[]>("api", ["web", "api"], "webx"), { nil: undefined }),
    claims: claimed,
    fault: fc.nat({ max: 9 }),
  })
  .map(({ iss, sub, aud, claims, fault }) => ({
    iss,
    sub,
    ...(aud === undefined ? {} : { aud }),
    claims,
    ...(fault === 0 ? { exp: -300 } : {}),
    ...(fault === 1 ? { key: "rogue" } : {}),
  }));

/** Who calls: a sidecar's program, somebody without a sidecar in the open, or with a certificate of the mesh's CA. */
const servicePort = fc.constantFrom(8080, 80, 9500);
const podPort = fc.constantFrom(8080, 8081, 9500, 7000);
const certificate = fc.constantFrom(...texts.identities).map((each) => `spiffe://${each}`);
const sni = fc.option(fc.constantFrom(...texts.names), { nil: undefined });

/** Names of the service, as its callers may write them. */
const ownHost = fc.constantFrom("backend.default", "backend.default.svc.cluster.local", "BACKEND.default");
const bySidecar = fc
  .tuple(fc.constantFrom("frontend", "shop"), servicePort, ownHost, head)
  .map(([from, port, host, { target: path, method, ...rest }]): Draft => ({
    from,
    url: `http://backend.default:${port}${path}`,
    method,
    headers: headersOf({ ...rest, host }),
  }));
const inTheOpen = fc.tuple(podPort, head).map(([port, { target: path, method, ...rest }]): Draft => ({
  from: "outsider",
  url: `http://backend-v1.pod:${port}${path}`,
  method,
  headers: headersOf(rest),
}));
const alpn = fc.constantFrom(["istio-http/1.1", "istio", "http/1.1"], ["istio", "istio-http/1.1"], ["http/1.1"], []);
const certified = fc.tuple(inTheOpen, certificate, sni, alpn).map(([request, cert, name, protocols]): Draft => ({
  ...request,
  tls: { cert, alpn: protocols, ...(name === undefined ? {} : { sni: name }) },
}));
const text = "hello, world\n";
const tcpBySidecar = fc
  .constantFrom("frontend", "shop")
  .map((from): Draft => ({ from, tcp: { host: "backend.default", port: 9000, send: text } }));
const tcp = fc
  .tuple(fc.constantFrom(9000, 9500, 7000), fc.option(certificate, { nil: undefined }), sni)
  .map(([port, cert, name]): Draft => ({
    from: "outsider",
    tcp: { host: "backend-v1.pod", port, send: text },
    ...(cert === undefined
      ? {}
      : { tls: { cert, alpn: ["istio-peer-exchange", "istio"], ...(name === undefined ? {} : { sni: name }) } }),
  }));

type Draft = Omit<CaseRequest, "id">;

function perhapsWithToken(draft: fc.Arbitrary<Draft>): fc.Arbitrary<Draft> {
  return fc
    .tuple(draft, fc.option(token, { nil: undefined }), fc.boolean())
    .map(([request, jwt, has]) => (jwt === undefined || !has ? request : { ...request, jwt }));
}

export const requests: fc.Arbitrary<readonly CaseRequest[]> = fc
  .array(
    fc.oneof(
      { weight: 4, arbitrary: perhapsWithToken(bySidecar) },
      { weight: 2, arbitrary: perhapsWithToken(inTheOpen) },
      { weight: 6, arbitrary: perhapsWithToken(certified) },
      { weight: 1, arbitrary: tcpBySidecar },
      { weight: 2, arbitrary: tcp },
    ),
    { minLength: 1, maxLength: 8 },
  )
  .map((drafts) => drafts.map((draft, index) => ({ id: `r${String(index + 1).padStart(2, "0")}`, ...draft })));

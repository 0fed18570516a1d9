import * as fc from "fast-check";
import type { CaseRequest } from "../../conformance/case.ts";
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
  readonly role?: string | undefined;
  readonly forwardedFor?: string | undefined;
}

function headersOf({ host, role, forwardedFor }: Told): readonly (readonly [string, string])[] {
  return [
    ["host", host] as const,
    ...(role === undefined ? [] : [["x-role", role] as const]),
    ...(forwardedFor === undefined ? [] : [["x-forwarded-for", forwardedFor] as const]),
  ];
}

/** Who calls: a sidecar's program, somebody without a sidecar in the open, or with a certificate of the mesh's CA. */
const servicePort = fc.constantFrom(8080, 80, 9500);
const podPort = fc.constantFrom(8080, 8081, 9500, 7000);
const certificate = fc.constantFrom(...texts.identities).map((each) => `spiffe://${each}`);
const sni = fc.option(fc.constantFrom(...texts.names), { nil: undefined });

/** Names of the service, as its callers may write them. */
const ownHost = fc.constantFrom("backend.default", "backend.default.svc.cluster.local", "BACKEND.default");
const bySidecar = fc
  .tuple(fc.constantFrom("frontend", "shop"), servicePort, ownHost, head)
  .map(([from, port, host, { target: path, method, ...rest }]): Omit<CaseRequest, "id"> => ({
    from,
    url: `http://backend.default:${port}${path}`,
    method,
    headers: headersOf({ ...rest, host }),
  }));
const inTheOpen = fc.tuple(podPort, head).map(([port, { target: path, method, ...rest }]): Omit<CaseRequest, "id"> => ({
  from: "outsider",
  url: `http://backend-v1.pod:${port}${path}`,
  method,
  headers: headersOf(rest),
}));
const alpn = fc.constantFrom(["istio-http/1.1", "istio", "http/1.1"], ["istio", "istio-http/1.1"], ["http/1.1"], []);
const certified = fc
  .tuple(inTheOpen, certificate, sni, alpn)
  .map(([request, cert, name, protocols]): Omit<CaseRequest, "id"> => ({
    ...request,
    tls: { cert, alpn: protocols, ...(name === undefined ? {} : { sni: name }) },
  }));
const text = "hello, world\n";
const tcpBySidecar = fc
  .constantFrom("frontend", "shop")
  .map((from): Omit<CaseRequest, "id"> => ({ from, tcp: { host: "backend.default", port: 9000, send: text } }));
const tcp = fc
  .tuple(fc.constantFrom(9000, 9500, 7000), fc.option(certificate, { nil: undefined }), sni)
  .map(([port, cert, name]): Omit<CaseRequest, "id"> => ({
    from: "outsider",
    tcp: { host: "backend-v1.pod", port, send: text },
    ...(cert === undefined
      ? {}
      : { tls: { cert, alpn: ["istio-peer-exchange", "istio"], ...(name === undefined ? {} : { sni: name }) } }),
  }));

export const requests: fc.Arbitrary<readonly CaseRequest[]> = fc
  .array(
    fc.oneof(
      { weight: 4, arbitrary: bySidecar },
      { weight: 2, arbitrary: inTheOpen },
      { weight: 6, arbitrary: certified },
      { weight: 1, arbitrary: tcpBySidecar },
      { weight: 2, arbitrary: tcp },
    ),
    { minLength: 1, maxLength: 8 },
  )
  .map((drafts) => drafts.map((draft, index) => ({ id: `r${String(index + 1).padStart(2, "0")}`, ...draft })));

import type { Case, CaseRequest, CaseWorkload } from "../conformance/case.ts";
import { authenticate } from "./authenticate.ts";
import { authorize } from "./authorize.ts";
import { declaredProtocol, type Destination, destinationOf, headOf, labelsOf, meshOfCase, spaceOf } from "./case.ts";
import { type Chain, chainFor } from "./chain.ts";
import { askProviders, type Providers } from "./custom.ts";
import { kindOf } from "./document.ts";
import { mtlsMode, serviceMode } from "./mtls-mode.ts";
import { normalizedTarget } from "./normalize.ts";
import type {
  ReferenceConnection,
  ReferenceMesh,
  ReferencePeer,
  ReferenceRequest,
  ReferenceToken,
} from "./situation.ts";

/** What a caller meets, in the words of a recording. */
export interface ReferenceOutcome {
  readonly outcome: string;
  readonly deniedBy?: string | undefined;
  readonly allowedBy?: string | undefined;
}

/** What a case does not say but the evaluator needs. */
export interface Facts {
  readonly addressOf: (workload: CaseWorkload) => string;
  /** The token in the request's Authorization header. */
  readonly token?: ReferenceToken | undefined;
}

/**
 * The outcomes of requests of a case by the specification alone. Undefined: the case needs more of it than is written down
 * here (routes, client settings, bytes that are cut off, TLS that reaches the application).
 */
export function referenceOf(spec: Case): (request: CaseRequest, facts: Facts) => ReferenceOutcome | undefined {
  const mesh = meshOfCase(spec);
  return (request, facts) => outcomeIn(mesh, spec, request, facts);
}

function outcomeIn(mesh: ReferenceMesh, spec: Case, request: CaseRequest, facts: Facts): ReferenceOutcome | undefined {
  const from = spec.workloads.find(
    (each) => each.name === request.from || `${each.name}.${spaceOf(each)}` === request.from,
  );
  const to = from === undefined ? undefined : destinationOf(spec, from, request);
  if (from === undefined || to === undefined || to.workload.sidecar !== true || to.workload === from) return undefined;
  // The proxy's own ports are nobody's (spec PA-8).
  if (to.port === 15_001 || to.port === 15_006) return undefined;
  if (!mesh.documents.every((document) => knownKinds.has(kindOf(document)))) return undefined;
  if (to.workload.cert !== undefined || to.workload.trustDomain !== undefined) return undefined;
  const sent = payloadOf(request);
  if (sent === undefined) return undefined;
  return from.sidecar === true
    ? throughSidecar({ spec, mesh, from, to, sent, request, facts })
    : straight({ spec, mesh, from, to, sent, request, facts });
}

const knownKinds = new Set(["AuthorizationPolicy", "PeerAuthentication", "RequestAuthentication"]);

interface Sending {
  readonly spec: Case;
  readonly mesh: ReferenceMesh;
  readonly from: CaseWorkload;
  readonly to: Destination;
  readonly sent: Sent;
  readonly request: CaseRequest;
  readonly facts: Facts;
}

type Sent =
  | { readonly kind: "http"; readonly head: NonNullable<ReturnType<typeof headOf>> }
  | { readonly kind: "text"; readonly text: string };

const methods = /^(?:GET|HEAD|POST|PUT|DELETE|OPTIONS|TRACE|PATCH)$/;

function payloadOf(request: CaseRequest): Sent | undefined {
  if (request.raw !== undefined || request.proto === "http/1.0" || request.conn !== undefined) return undefined;
  if (request.tcp === undefined) {
    const head = headOf(request);
    // What asks for more than an answer, or tells the application what to answer.
    const isOdd = head?.headers.some(([name]) => /^(?:upgrade|expect|transfer-encoding|x-app-.*)$/i.test(name));
    const isPlain = head !== undefined && methods.test(head.method) && /^[!-~]*$/.test(head.target) && isOdd !== true;
    return isPlain ? { kind: "http", head } : undefined;
  }
  const text = request.tcp.send ?? request.tcp.sends?.join("") ?? "";
  // Less is no TLS record header, and somebody waits for the rest (errata security 23).
  return text.length < 5 ? undefined : { kind: "text", text };
}

/** A caller's own sidecar: it normalises, chooses TLS by auto mTLS (spec CT-13…CT-16), and answers for the server. */
function throughSidecar(sending: Sending): ReferenceOutcome | undefined {
  const { spec, mesh, from, to, sent, request } = sending;
  if (from.cert !== undefined || from.trustDomain !== undefined || request.tls !== undefined) return undefined;
  const mode = mtlsMode(mesh, placeOf(to.workload), to.port);
  const isKnown = to.service !== undefined && serviceMode(mesh, spaceOf(to.workload)) !== "DISABLE";
  const isMutual = mesh.autoMtls && isKnown && mode !== "DISABLE";
  const protocol = declaredProtocol(spec, to.workload, to.port);
  // A client reads HTTP where the service says so or the bytes look like it; on a TCP port nobody reads.
  const reads = sent.kind === "http" && (to.service === undefined || protocol !== "tcp");
  if (sent.kind === "text" && protocol !== "tcp" && !sent.text.includes("\n")) return undefined;
  if (sent.kind === "text" && protocol === "http") return undefined;
  let passed = sent;
  if (reads && sent.kind === "http") {
    // A client goes by the Host that the program wrote; one that is not the service's is for the specification of routes.
    if (to.service !== undefined && !isNameOf(to, sent.head.authority)) return undefined;
    const target = normalizedTarget(sent.head.target, mesh.normalization);
    if (target === undefined) return { outcome: "http:400" };
    passed = { kind: "http", head: { ...sent.head, target } };
  }
  const identity = `spiffe://${mesh.trustDomains[0]}/ns/${spaceOf(from)}/sa/${from.serviceAccount ?? from.name}`;
  const alpn = reads ? ["istio-http/1.1", "istio", "http/1.1"] : ["istio-peer-exchange", "istio"];
  const sni = `outbound_.${to.service?.port}_._.${to.service?.service.name}.${spaceOf(to.workload)}.svc.cluster.local`;
  const tls = isMutual ? { alpn, peer: { uris: [identity], dns: [], subject: "" }, sni } : undefined;
  const result = arrive({ ...sending, sent: passed }, mode, tls);
  if (result === undefined || result === "closed") return { outcome: reads ? "http:503" : "closed" };
  return result === "beyond" ? undefined : result;
}

function isNameOf({ service, workload }: Destination, authority: string): boolean {
  const [name = "", namespace = "", ...rest] = authority.toLowerCase().split(".");
  if (name !== service?.service.name || !["", "svc", "svc.cluster.local"].includes(rest.join("."))) return false;
  return namespace === "" ? rest.length === 0 : namespace === spaceOf(workload);
}

/** A caller without sidecar says itself what it is. */
function straight(sending: Sending): ReferenceOutcome | undefined {
  const { mesh, to, request } = sending;
  const mode = mtlsMode(mesh, placeOf(to.workload), to.port);
  const { tls } = request;
  if (tls === undefined) return finished(arrive(sending, mode, undefined), "closed");
  const { cert } = tls;
  if (tls.minVersion !== undefined || tls.maxVersion !== undefined || tls.expired === true) return undefined;
  const sni = tls.sni === "none" ? undefined : tls.sni;
  const isNamed = cert?.startsWith("spiffe://") === true;
  if (!isNamed && cert !== undefined && cert !== "none") return undefined;
  const peer = isNamed ? { uris: [cert], dns: [], subject: "" } : undefined;
  return finished(arrive(sending, mode, { alpn: tls.alpn ?? [], peer, sni }), "closed");
}

function finished(result: ReturnType<typeof arrive>, closed: string): ReferenceOutcome | undefined {
  if (result === "beyond") return undefined;
  return result === undefined || result === "closed" ? { outcome: closed } : result;
}

interface Tls {
  readonly alpn: readonly string[];
  readonly peer: ReferencePeer | undefined;
  readonly sni: string | undefined;
}

/** What the server's sidecar does; undefined: no chain takes the connection. */
function arrive(
  sending: Sending,
  mode: string,
  tls: Tls | undefined,
): ReferenceOutcome | "closed" | "beyond" | undefined {
  const { spec, mesh, from, to, sent, facts } = sending;
  const declared = declaredProtocol(spec, to.workload, to.port);
  const looksLikeHttp = sent.kind === "http";
  if (!looksLikeHttp && declared !== "tcp" && tls === undefined && !sent.text.includes("\n")) return "beyond";
  const chain: Chain = chainFor(mode, declared, { alpn: tls?.alpn, looksLikeHttp });
  if (chain.kind === "none") return undefined;
  if (tls !== undefined && !chain.terminates) return "beyond";
  if (tls !== undefined && !isTrusted(tls.peer, mesh.trustDomains)) return { outcome: "tls-rejected" };
  const connection: ReferenceConnection = {
    peer: tls?.peer,
    sourceIp: facts.addressOf(from),
    destinationIp: facts.addressOf(to.workload),
    destinationPort: to.port,
    sni: tls?.sni,
  };
  const asked = { mesh, workload: placeOf(to.workload), connection };
  const providers = (allow: boolean): Providers => ({
    // The two that the recordings' meshes have; both let pass what says so in a header.
    known: { "ext-authz-http": "http", "ext-authz-grpc": "grpc" },
    several: spec.features["PILOT_ENABLE_MULTIPLE_CUSTOM_AUTHZ_PROVIDERS"] === "true",
    allows: () => allow,
  });
  if (chain.kind === "tcp") {
    const custom = askProviders({ ...asked, request: undefined }, providers(false));
    if (custom.kind === "denied") return { outcome: "closed", deniedBy: custom.by };
    const { verdict, by } = authorize({ ...asked, request: undefined });
    if (verdict === "deny") return { outcome: "closed", deniedBy: by ?? "none" };
    return { outcome: sent.kind === "http" ? "http:200" : "tcp:echo", allowedBy: by };
  }
  if (sent.kind === "text") return "beyond";
  const target = normalizedTarget(sent.head.target, mesh.normalization);
  if (target === undefined) return { outcome: "http:400" };
  const custom = askProviders(
    { ...asked, request: { ...sent.head, target } },
    providers(sent.head.headers.some(([name, value]) => name.toLowerCase() === "x-ext-authz" && value === "allow")),
  );
  if (custom.kind === "denied") return { outcome: isGrpc(sent.head) ? "http:200" : "http:403", deniedBy: custom.by };
  const identity = authenticate(mesh, asked.workload, facts.token);
  if (identity.kind === "beyond") return "beyond";
  if (identity.kind === "refused") return { outcome: "http:401" };
  const request: ReferenceRequest = { ...sent.head, target, claims: identity.claims };
  const { verdict, by } = authorize({ ...asked, request });
  if (verdict === "deny") return { outcome: isGrpc(request) ? "http:200" : "http:403", deniedBy: by ?? "none" };
  return { outcome: "http:200", allowedBy: by };
}

/** spec RA-21: who calls by gRPC reads the refusal behind a 200. */
function isGrpc({ headers }: Pick<ReferenceRequest, "headers">): boolean {
  return headers.some(
    ([name, value]) => name.toLowerCase() === "content-type" && /^application\/grpc(?:\+|$)/.test(value),
  );
}

/** spec ID-6: a name of the mesh's trust domains, by the mesh's CA. */
function isTrusted(peer: ReferencePeer | undefined, domains: readonly string[]): boolean {
  return peer !== undefined && peer.uris.some((uri) => domains.some((domain) => uri.startsWith(`spiffe://${domain}/`)));
}

function placeOf(workload: CaseWorkload): {
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
} {
  return { namespace: spaceOf(workload), labels: labelsOf(workload) };
}

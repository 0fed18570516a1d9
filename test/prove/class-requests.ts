import type { AccessClass } from "../../runtime/access/classes.ts";
import type { ClassOutcome } from "../../runtime/access/outcome.ts";
import { type GuardedPort, type SampleRequest, targetOf } from "../../runtime/access/sample.ts";
import type { JwtProvider } from "../../runtime/model/jwt.ts";
import type { Case, CaseRequest, ExpectedRequest } from "../conformance/case.ts";
import { decidedBy, outcomeOf } from "../conformance/outcome.ts";
import { type enterScene, observe } from "../conformance/sockets/play-case.ts";

export type Scene = Awaited<ReturnType<typeof enterScene>>;

/** Callers without sidecar, who say themselves what they are: at addresses inside and outside of what random policies name. */
const strangers: Readonly<Record<string, string>> = {
  outsider: "10.244.1.31",
  "outsider-a": "10.244.0.10",
  "outsider-b": "10.244.0.13",
  "outsider-c": "10.244.0.99",
  "outsider-d": "10.244.1.77",
};

export function withStrangers(spec: Case): Case {
  const known = new Set(spec.workloads.map(({ name }) => name));
  const more = Object.entries(strangers)
    .filter(([name]) => !known.has(name))
    .map(([name, ip]) => ({ name, labels: { app: name }, sidecar: false, ip }));
  return { ...spec, workloads: [...spec.workloads, ...more] };
}

/** Whether some program listens on a port of backend-v1; PeerAuthentications may name others. */
export function isServed(spec: Case, port: number): boolean {
  const served = spec.workloads.find(({ name }) => name === "backend-v1")?.ports ?? [];
  return served.some((each) => each.port === port);
}

/** Pseudo-random numbers of a seed; [0, 1). */
export function randomOf(seed: number): () => number {
  let state = (seed % 2_147_483_646) + 1;
  return () => {
    state = (state * 16_807) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

const methods = new Set(["GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "TRACE"]);

/** A member of a class as it is sent to each version of the port: with TLS where that version ends it. */
type Member = readonly CaseRequest[];

/** Members of a class that one of the strangers can send: the witness, and others that are drawn. */
export function membersOf(
  found: AccessClass,
  ports: readonly GuardedPort[],
  random: () => number,
  wanted: number,
): readonly Member[] {
  const members = new Map<string, Member>();
  for (let tries = 0; tries < wanted * 8 && members.size < wanted; tries += 1) {
    const sample = tries === 0 ? found.witness : found.draw(random);
    if (sample === undefined) continue;
    const from = Object.entries(strangers).find(([, sourceIp]) => found.has({ ...sample, sourceIp }));
    if (from === undefined) continue;
    const rules = ports.flatMap(({ inbound }) => inbound.jwt);
    const requests = ports.flatMap((port) => {
      const request = requestOf(sample, from[0], port, found);
      return request === undefined ? [] : [{ ...request, ...jwtOf(sample.token, rules), id: `m${members.size}` }];
    });
    if (requests.length === ports.length) members.set(JSON.stringify(sample), requests);
  }
  return [...members.values()];
}

/** Undefined: nobody could write such a request over HTTP/1.1. */
function requestOf(
  sample: SampleRequest,
  from: string,
  port: GuardedPort,
  found: AccessClass,
): CaseRequest | undefined {
  const { layer, peer, sni, method, host, path, headers } = sample;
  const isMutual = peer !== undefined && port.listener.mode !== "DISABLE";
  const tls = isMutual
    ? {
        tls: {
          cert: peer,
          alpn: layer === "http" ? ["istio-http/1.1", "istio"] : ["istio-peer-exchange", "istio"],
          ...(sni === undefined ? {} : { sni }),
        },
      }
    : {};
  // Over TLS without identity the application would have to speak TLS.
  if (!isMutual && sni !== undefined && !found.has({ ...sample, sni: undefined })) return undefined;
  if (layer === "tcp")
    return { id: "", from, ...tls, tcp: { host: "backend-v1.pod", port: port.port, send: "hello, world\n" } };
  const target = targetOf(path, port);
  if (target === undefined || !methods.has(method)) return undefined;
  return {
    id: "",
    from,
    ...tls,
    method,
    url: `http://backend-v1.pod:${port.port}${target}`,
    headers: [
      ["host", host],
      ["x-ext-authz", "allow"],
      ...Object.entries(headers).flatMap(([name, lines]) => lines.map((line) => [name, line] as const)),
    ],
  };
}

function jwtOf(token: SampleRequest["token"], [rule]: readonly JwtProvider[]): Pick<CaseRequest, "jwt"> {
  if (token.kind === "none" || rule === undefined) return {};
  if (token.kind === "refused") return { jwt: { iss: rule.issuer, sub: "nobody", key: "rogue" } };
  return { jwt: { claims: token.claims } };
}

export interface Sent {
  /** How what happened differs from the outcome of the class; undefined: it does not. */
  readonly difference: string | undefined;
  /** It was sent twice: the first time something came late on a busy machine. What is let in although it must not is never asked again. */
  readonly repeated: boolean;
}

/** Sends one member for real. */
export async function sendMember(scene: Scene, request: CaseRequest, outcome: ClassOutcome): Promise<Sent> {
  const first = await differenceOf(scene, request, outcome);
  if (first === undefined || (outcome.verdict === "deny" && !first.includes('"arrived":0')))
    return { difference: first, repeated: false };
  const second = await differenceOf(scene, { ...request, id: `${request.id}-again` }, outcome);
  return { difference: second, repeated: true };
}

async function differenceOf(scene: Scene, request: CaseRequest, outcome: ClassOutcome): Promise<string | undefined> {
  const isTcp = request.tcp !== undefined;
  // Who is asked about a connection finds no header that tells him to agree; the runner's authorizer then likes `/sa/a`.
  const agrees = !isTcp || request.tls?.cert?.endsWith("/sa/a") === true;
  const isAllowed = outcome.verdict === "allow" || (outcome.verdict === "depends" && agrees);
  const isTold = !isTcp && (outcome.by !== undefined || outcome.reason === "no-allow-matched");
  const expected: ExpectedRequest = {
    outcome: "",
    client: {},
    upstream: [],
    proxies: isTold ? [{ log: "access" }] : [],
  };
  const observed = await observe(scene, request, expected);
  if (typeof observed === "string") return `${observed} is not in the mesh`;
  const told = outcomeOf(request, observed.answer);
  const arrived = observed.hits.filter(({ workload }) => workload !== "ext-authz").length;
  const by = decidedBy({ proxies: [...observed.told.proxies] }, isAllowed ? "allow" : "deny");
  const wanted = isAllowed ? /^(?:http:200|tcp:echo|app-rejected.*)$/ : refusals[isTcp ? "tls" : outcome.reason];
  // What arrived was let in, even if a busy machine keeps the answer waiting.
  const isAsWanted = isAllowed ? arrived > 0 || wanted.test(told) : arrived === 0 && wanted.test(told);
  const names = outcome.verdict !== "depends" && isTold ? (outcome.by?.id ?? "none") : undefined;
  if (isAsWanted && (names === undefined || by?.startsWith(names) === true)) return undefined;
  return JSON.stringify({
    class: outcome.verdict,
    reason: outcome.reason,
    by: outcome.by?.id,
    told,
    toldBy: by,
    arrived,
  });
}

const refusals: Readonly<Record<ClassOutcome["reason"], RegExp>> = {
  tls: /^(?:closed|http:503)$/,
  token: /^http:401$/,
  matched: /^http:403$/,
  "no-allow-matched": /^http:403$/,
  "no-policy": /^http:403$/,
};

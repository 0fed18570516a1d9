import type { Clock } from "../core/clock.ts";
import type { Mesh, Workload } from "../model/mesh.ts";
import type { FilterChain, InboundListener, ProxySnapshot } from "../model/snapshot.ts";
import { bindCustom, type NextCustomStep } from "../policy/custom.ts";
import { bindHttpPolicies, bindPolicies } from "../policy/decide.ts";
import { bindOutbound, type BoundOutbound } from "../traffic/outbound-plan.ts";
import type { CertificateClaim, Payload } from "./payload.ts";
import type { Answer } from "./payload.ts";
import type { Trace } from "./trace.ts";

/** A mesh that exists on paper: compiled snapshots, and programs that answer at once. */
export interface PaperWorld {
  readonly mesh: Mesh;
  readonly proxy: (workload: Workload) => PaperProxy | undefined;
  readonly workloadAt: (address: string) => Workload | undefined;
  /** What a VIP leads to without a proxy, as kube-proxy does it. */
  readonly behindVip: (
    address: string,
    port: number,
  ) => { readonly workload: Workload; readonly port: number } | undefined;
  readonly programs: Programs;
  /** Certificate that a workload's sidecar presents. */
  readonly certificate: (workload: Workload) => CertificateClaim;
  /** The CA that a file, the text of a secret, or the system's store stands for (DestinationRule SIMPLE and MUTUAL). */
  readonly issuerOf: (caFile: string | undefined) => string;
  /** Certificate behind a file that a DestinationRule names, or in the secret that it names. */
  readonly certificateOf: (certFile: string, client: Workload) => CertificateClaim | undefined;
  /** Whether a list, or the file of one, revokes a server's certificate; absent: nobody can tell, and nothing is taken to be. */
  readonly isRevoked?: (list: string, server: CertificateClaim) => boolean;
  /** [0, 1) */
  readonly draw: () => number;
  /** Round robin position of a cluster. */
  readonly turn: (cluster: string) => number;
  readonly requestId: string;
  /** Brings a question to an external authorizer; undefined: nobody is asked, all are taken to agree, and a trace notes it. */
  readonly askProviders: Deliver | undefined;
  /** What some providers are supposed to say, by name; they are not asked. */
  readonly authorizers?: ReadonlyMap<string, AuthorizerAnswer> | undefined;
  /** Requests of one moment: what they take of limits stays taken. Undefined: every call has the mesh for itself. */
  readonly busy: Map<string, number> | undefined;
}

/** `unreachable`: it gives no answer, and the provider's own `failOpen` decides. */
export type AuthorizerAnswer = "allow" | "deny" | "unreachable";

/** Brings what one address sends to another; see `deliver`. */
export type Deliver = (
  world: PaperWorld,
  sourceIp: string,
  target: { readonly address: string; readonly port: number },
  payload: Payload,
  trace: Trace,
) => Answer;

/** What a program does with bytes that arrive at one of its ports. */
export type Programs = (workload: Workload, port: number, payload: Payload, trace: Trace) => Answer;

/** A snapshot made callable. */
export interface PaperProxy {
  readonly workload: Workload;
  readonly snapshot: ProxySnapshot;
  readonly listener: (port: number) => InboundListener;
  readonly http: ReturnType<typeof bindPolicies>;
  readonly tcp: ReturnType<typeof bindPolicies>;
  /** Whom to ask before; undefined: nobody. */
  readonly custom: { readonly http: NextCustomStep | undefined; readonly tcp: NextCustomStep | undefined };
  readonly outbound: BoundOutbound;
}

/** Takes one of the requests that may be under way to a destination at once; false: none is left. */
export function takeSlot(world: PaperWorld, destination: string, limit: number | undefined): boolean {
  if (world.busy === undefined || limit === undefined) return true;
  const taken = world.busy.get(destination) ?? 0;
  if (taken >= limit) return false;
  world.busy.set(destination, taken + 1);
  return true;
}

export function bindProxy(workload: Workload, snapshot: ProxySnapshot, clock: Pick<Clock, "now">): PaperProxy {
  const { inbound } = snapshot;
  const listeners = new Map(inbound.listeners.map((listener) => [listener.port, listener]));
  return {
    workload,
    snapshot,
    listener: (port) => listeners.get(port) ?? inbound.passthrough,
    http: bindHttpPolicies(inbound, clock),
    tcp: bindPolicies(inbound.tcp),
    custom: { http: bindCustom(inbound.http), tcp: bindCustom(inbound.tcp) },
    outbound: bindOutbound(snapshot.outbound),
  };
}

/** ALPN that a sidecar answers, by kind of chain (spec PA-20). */
export const serverAlpn: Readonly<Record<FilterChain["network"], readonly string[]>> = {
  http: ["h2", "http/1.1"],
  tcp: ["istio-peer-exchange", "h2", "http/1.1"],
};

import type { X509Certificate } from "node:crypto";
import type { Socket } from "node:net";
import { isIP } from "node:net";
import { assertNever } from "../core/assert-never.ts";
import { spiffeOf, subjectAltNames } from "../identity/certificate.ts";
import { verifyPeer } from "../identity/verify.ts";
import type { HandshakeFailure, Party, TlsFacts } from "../model/event.ts";
import type { Cluster, Endpoint } from "../model/snapshot.ts";
import { hostOf } from "../traffic/virtual-host.ts";
import { isWorkloadAddress, toSocketAddress } from "./address.ts";
import { startTls } from "./client-handshake.ts";
import type { ClientHandshake, ClientHandshakeOptions } from "./client-handshake.ts";
import { selfParty } from "./context.ts";
import type { Sidecar } from "./context.ts";
import { dial, dialFailure, plainSocket } from "./dial-app.ts";
import { originationContext, verifyOriginated } from "./origination.ts";
import { ignore } from "./server-handshake.ts";
import type { HandshakeFault } from "./tls-failure.ts";
import { upstreamKey } from "./upstream-key.ts";
import type { UpstreamTls } from "./upstream-key.ts";
import type { Dialled, UpstreamProtocol } from "./upstream.ts";

/** One server to connect to, for one cluster. */
export interface UpstreamTarget {
  readonly cluster: Cluster;
  readonly address: string;
  readonly port: number;
  /** Undefined for destinations outside the cluster's endpoints. */
  readonly endpoint: Endpoint | undefined;
  readonly protocol: UpstreamProtocol;
  /** Host of the request: the SNI where no rule gives one. */
  readonly authority: string;
}

/** What a sidecar offers to another (spec CT-19). */
const alpn: Readonly<Record<UpstreamProtocol, readonly string[]>> = {
  http1: ["istio-http/1.1", "istio", "http/1.1"],
  http2: ["istio-h2", "istio", "h2"],
  tcp: ["istio-peer-exchange", "istio"],
};

function tlsOf(target: UpstreamTarget): UpstreamTls {
  const { mode } = target.cluster.tls;
  switch (mode) {
    case "none":
      return "plain";
    case "auto":
      return target.endpoint?.mtls === true ? "mesh" : "plain";
    case "istio":
      return "mesh";
    case "simple":
    case "mutual":
    // Has no endpoint; if it had, there would be nothing to begin with.
    case "withheld":
      return "origination";
    default:
      return assertNever(mode);
  }
}

function sniOf(target: UpstreamTarget): string {
  const { tls } = target.cluster;
  if (tls.mode === "none" || tls.mode === "withheld") return "";
  return tls.sni ?? hostOf(target.authority);
}

/** Everything that tells connections of this target from others. */
export function targetKey(sidecar: Sidecar, target: UpstreamTarget): string {
  return upstreamKey(sidecar, target, tlsOf(target), sniOf(target));
}

/** A new connection to the target with its handshake done and verified. */
export function openUpstream(
  sidecar: Sidecar,
  target: UpstreamTarget,
  key: string,
  done: (result: Dialled) => void,
): () => void {
  const { shared } = sidecar;
  const protection = tlsOf(target);
  const address = toSocketAddress(shared.addresses(), target.address, target.port);
  // A sidecar's alias would take it, but nobody is there.
  const isNobody =
    shared.addresses().kind === "pods" &&
    isWorkloadAddress(target.address) &&
    shared.nameOf(target.address) === undefined;
  if (isNobody) {
    done({
      kind: "failed",
      reason: "remote connection failure",
      transport: "delayed connect error: Connection refused",
    });
    return ignore;
  }
  if (address === undefined) {
    done({ kind: "failed", reason: "remote connection failure", transport: "delayed connect error: No route to host" });
    return ignore;
  }
  const { dialFrom } = sidecar.placement();
  const local = dialFrom !== undefined && address.host.startsWith("127.") ? dialFrom : undefined;
  const startedAt = shared.clock.monotonic();
  const timeoutMs = target.cluster.connectTimeoutMs;
  let cancel = dial(sidecar, { kind: "tcp", ...address }, timeoutMs, local, (result) => {
    if (!result.ok) done(dialFailure(result));
    else if (protection === "plain") done(plainSocket(result.socket));
    else {
      const left = Math.max(1, timeoutMs - (shared.clock.monotonic() - startedAt));
      const plan = { socket: result.socket, key, sni: sniOf(target), timeoutMs: left, startedAt };
      cancel = secure(sidecar, target, protection, plan, done);
    }
  });
  return () => {
    cancel();
  };
}

/** What may stand in a ClientHello; a Host header may be anything. */
const isHostName = /^[A-Za-z0-9._-]{1,255}$/;

interface Securing {
  readonly socket: Socket;
  readonly key: string;
  readonly sni: string;
  readonly timeoutMs: number;
  readonly startedAt: number;
}

function secure(
  sidecar: Sidecar,
  target: UpstreamTarget,
  protection: "mesh" | "origination",
  plan: Securing,
  done: (result: Dialled) => void,
): () => void {
  const { shared } = sidecar;
  let given: Settings;
  try {
    given = protection === "mesh" ? meshSettings(sidecar, target, plan) : originationSettings(sidecar, target, plan);
  } catch (error) {
    plan.socket.destroy();
    const reason = error instanceof Error ? error.message : String(error);
    report(sidecar, target, plan, undefined, noTls, {
      step: "certificate",
      alert: null,
      reason,
      because: target.cluster.because,
    });
    done({ kind: "failed", reason: "remote connection failure", transport: `TLS_error:|${reason}` });
    return ignore;
  }
  let shaken: ClientHandshake | undefined;
  const reportFailure = ({ step, alert, reason }: HandshakeFault): void => {
    const tls = shaken?.tls ?? noTls;
    report(sidecar, target, plan, shaken?.leaf, tls, { step, alert, reason, because: target.cluster.because });
  };
  return startTls(
    {
      ...given,
      raw: plan.socket,
      sni: isIP(plan.sni) === 0 && isHostName.test(plan.sni) ? plan.sni : undefined,
      clock: shared.clock,
      timeoutMs: plan.timeoutMs,
      sessions: shared.sessions,
      onLateRefusal: reportFailure,
    },
    (result) => {
      shaken = result;
      if (!result.ok) {
        reportFailure(result.failure);
        done({
          kind: "failed",
          reason: result.timedOut ? "connection timeout" : "remote connection failure",
          transport: result.failure.transport,
        });
        return;
      }
      sidecar.counts.handshakes += 1;
      const handshake = report(sidecar, target, plan, result.leaf, result.tls, null);
      const spiffe = spiffeOf(subjectAltNames(result.leaf));
      done({ kind: "socket", socket: result.socket, handshake, leaf: result.leaf, spiffe });
    },
  );
}

type Settings = Pick<ClientHandshakeOptions, "context" | "alpn" | "verify" | "sessionKey">;

function meshSettings(sidecar: Sidecar, target: UpstreamTarget, plan: Pick<Securing, "key">): Settings {
  const bundle = sidecar.shared.bundle();
  const context = bundle === undefined ? undefined : sidecar.credentials.client(bundle);
  const { tls } = target.cluster;
  if (bundle === undefined || context === undefined || (tls.mode !== "auto" && tls.mode !== "istio")) {
    throw new Error("this sidecar has no certificate yet");
  }
  return {
    context,
    sessionKey: plan.key,
    alpn: alpn[target.protocol],
    verify: (leaf, openssl) => {
      const issuer = leaf?.issuerCertificate;
      return verifyPeer(
        { leaf, intermediates: issuer === undefined ? [] : [issuer], openssl },
        {
          peer: "server",
          roots: bundle.certificates,
          subjectAltNames: tls.subjectAltNames,
          now: sidecar.shared.clock.now(),
        },
      );
    },
  };
}

function originationSettings(sidecar: Sidecar, target: UpstreamTarget, plan: Pick<Securing, "key" | "sni">): Settings {
  const { tls } = target.cluster;
  if (tls.mode === "withheld") throw new Error(tls.reason);
  if (tls.mode !== "simple" && tls.mode !== "mutual") throw new Error("the cluster does not originate TLS");
  const { context, id } = originationContext(tls);
  return {
    context,
    sessionKey: `${plan.key}\n${id}`,
    // Only clusters that are known to be HTTP/2 offer it (spec traffic 3.5.6).
    alpn: target.protocol === "http2" && target.cluster.http === "http2" ? ["h2"] : [],
    verify: (leaf, openssl) => verifyOriginated(tls, plan.sni, sidecar.shared.clock.now(), leaf, openssl),
  };
}

const noTls: TlsFacts = { version: null, cipher: null, alpn: null, sni: null, resumed: false };

/** The other end, named by its workload where it has one. */
export function targetParty(
  sidecar: Sidecar,
  { address, port, endpoint }: Pick<UpstreamTarget, "address" | "port" | "endpoint">,
  spiffe: string | null,
): Party {
  const known = endpoint === undefined ? undefined : sidecar.parties.get(endpoint);
  if (known?.spiffe === spiffe) return known;
  const party = { workload: endpoint?.workload ?? null, address: `${address}:${port}`, spiffe };
  if (endpoint !== undefined) sidecar.parties.set(endpoint, party);
  return party;
}

function report(
  sidecar: Sidecar,
  target: UpstreamTarget,
  plan: Securing,
  peer: X509Certificate | undefined,
  tls: TlsFacts,
  failure: HandshakeFailure | null,
): string {
  const { reporter, clock } = sidecar.shared;
  const id = reporter.nextId("h");
  if (failure !== null) sidecar.counts.handshakesFailed += 1;
  const spiffe = peer === undefined ? null : spiffeOf(subjectAltNames(peer));
  reporter.add({
    kind: "handshake",
    id,
    at: clock.now(),
    generation: sidecar.binding().generation,
    proxy: sidecar.proxy,
    side: "client",
    from: selfParty(sidecar, plan.socket.localPort ?? 0),
    to: targetParty(sidecar, target, spiffe),
    tls,
    local: sidecar.credentials.svid(),
    peer,
    ms: clock.monotonic() - plan.startedAt,
    failure,
  });
  return id;
}

import type { X509Certificate } from "node:crypto";
import type { Socket } from "node:net";
import type { HandshakeFailure, Party, TlsFacts } from "../model/event.ts";
import type { FilterChain, InboundListener } from "../model/snapshot.ts";
import { chooseChain, refusalOf } from "../policy/chains.ts";
import { toModelAddress } from "./address.ts";
import { partyOf, selfParty } from "./context.ts";
import type { Sidecar } from "./context.ts";
import type { ConnectionFacts } from "../traffic/facts.ts";
import { stillProves, verifyCaller } from "./inbound-connection.ts";
import type { InboundTls } from "./inbound-connection.ts";
import { serveInboundHttp } from "./inbound-http.ts";
import { serveInboundTcp } from "./inbound-tcp.ts";
import { acceptTls, ignore } from "./server-handshake.ts";
import type { ServerHandshake } from "./server-handshake.ts";
import type { HandshakeFault } from "./tls-failure.ts";
import { refusedCaller } from "./inbound-refused.ts";
import { arrivalOf, blind, classify } from "./inbound-seen.ts";
import type { Seen } from "./inbound-seen.ts";
import { peek } from "./sniff.ts";
import { urlEncodedChain, urlEncodedPem } from "./url-encoded-pem.ts";

/** What ALPN a sidecar answers, by kind of chain (spec PA-20). */
const serverAlpn: Readonly<Record<FilterChain["network"], readonly string[]>> = {
  http: ["h2", "http/1.1"],
  tcp: ["istio-peer-exchange", "h2", "http/1.1"],
};

/** A connection to one of the workload's ports: finds out what it is, picks the chain, ends its TLS, hands it on (spec §2.2–2.3). */
export function acceptInbound(sidecar: Sidecar, port: number, socket: Socket): void {
  socket.on("error", ignore);
  inspect({ sidecar, port, socket, at: sidecar.shared.clock.monotonic() }, Buffer.alloc(0));
}

/** Reads as much as the listener in force needs to choose a chain; if a new snapshot comes meanwhile, it looks again with that one's eyes. */
function inspect(accepted: Accepted, early: Buffer): void {
  const { sidecar, port, socket } = accepted;
  const listener = sidecar.binding().inbound.listener(port);
  const wantsTls = listener.mode !== "DISABLE";
  const wantsHttp = listener.chains.some(
    (chain) => chain.transport === "raw" && chain.applicationProtocols !== undefined,
  );
  if (!wantsTls && !wantsHttp) {
    choose(accepted, early, blind);
    return;
  }
  peek(
    socket,
    early,
    (bytes) => classify(bytes, wantsTls, wantsHttp),
    (result) => {
      if (result === undefined) return;
      if (sidecar.binding().inbound.listener(port) === listener) choose(accepted, result.bytes, result.verdict);
      else inspect(accepted, result.bytes);
    },
  );
}

interface Accepted {
  readonly sidecar: Sidecar;
  readonly port: number;
  readonly socket: Socket;
  /** Monotonic milliseconds. */
  readonly at: number;
}

function choose(accepted: Accepted, early: Buffer, seen: Seen): void {
  const { sidecar, port, socket } = accepted;
  const binding = sidecar.binding();
  const listener = binding.inbound.listener(port);
  const chain = chooseChain(listener, seen);
  if (chain === undefined) {
    refuse(accepted, listener, seen);
    return;
  }
  if (!chain.terminates) {
    serve(accepted, socket, early, listener, chain, seen, undefined);
    return;
  }
  sidecar.credentials.whenReady(() => {
    terminate(accepted, early, chain, seen);
  });
}

function terminate(accepted: Accepted, early: Buffer, chain: FilterChain, seen: Seen): void {
  const { sidecar, port, socket } = accepted;
  const { clock } = sidecar.shared;
  const bundle = sidecar.shared.bundle();
  const context =
    bundle === undefined ? undefined : sidecar.credentials.server(sidecar.binding().snapshot.trust, bundle);
  const identity = sidecar.credentials.svid()?.spiffe;
  if (bundle === undefined || context === undefined || identity === undefined || socket.destroyed) {
    socket.destroy();
    const failure = {
      step: "certificate",
      alert: null,
      reason: "this sidecar has no certificate yet",
      because: [],
    } as const;
    report(accepted, seen, undefined, noTls(seen), null, failure, clock.monotonic() - accepted.at);
    return;
  }
  const { remoteAddress, remotePort } = socket;
  let shaken: ServerHandshake | undefined;
  const reportFailure = ({ step, alert, reason }: HandshakeFault): void => {
    const from = partyOf(sidecar.shared, remoteAddress, remotePort, null);
    const ms = clock.monotonic() - accepted.at;
    // Where the connection itself broke, no field of any policy is to blame.
    const because = step === "transport" ? [] : sidecar.binding().inbound.listener(port).because;
    const failure = { step, alert, reason, because };
    const caller = refusedCaller(sidecar, port, seen, from, failure, shaken?.leaf);
    report(accepted, seen, shaken?.leaf, shaken?.tls ?? noTls(seen), null, failure, ms, from, caller);
  };
  acceptTls(
    {
      raw: socket,
      bytes: early,
      context,
      alpn: serverAlpn[chain.network].filter((protocol) => seen.protocols.includes(protocol)),
      sni: seen.sni,
      clock,
      verify: (leaf, openssl) => verifyCaller(sidecar, sidecar.binding(), leaf, openssl),
      onLateRefusal: reportFailure,
    },
    (result) => {
      shaken = result;
      if (!result.ok) {
        reportFailure(result.failure);
        return;
      }
      const ms = clock.monotonic() - accepted.at;
      const from = partyOf(sidecar.shared, remoteAddress, remotePort, null);
      const id = report(accepted, seen, result.leaf, result.tls, result.names.uris[0] ?? null, null, ms, from);
      sidecar.counts.handshakes += 1;
      const { names, leaf } = result;
      const subject = rfc2253(leaf.subject);
      const tls: InboundTls = {
        handshake: id,
        identity,
        alpn: result.tls.alpn,
        leaf,
        names,
        bundle,
        forwarded: {
          hash: leaf.fingerprint256.replaceAll(":", "").toLowerCase(),
          subject,
          uriSans: names.uris,
          dnsSans: names.dns,
          certificate: () => urlEncodedPem(leaf),
          chain: () => urlEncodedChain(leaf),
        },
      };
      // The snapshot, or the bundle that OpenSSL looked at, may have changed while hands were shaken.
      const now = sidecar.binding().inbound.listener(port);
      const still = chooseChain(now, seen);
      const same = stillProves(sidecar, bundle) && sidecar.binding().snapshot.identity === identity;
      if (still?.terminates !== true || still.network !== chain.network || !same) {
        result.socket.destroy();
        return;
      }
      serve(accepted, result.socket, Buffer.alloc(0), now, still, seen, tls);
    },
  );
}

function serve(
  accepted: Accepted,
  socket: Socket,
  early: Buffer,
  listener: InboundListener,
  chain: FilterChain,
  seen: Seen,
  tls: InboundTls | undefined,
): void {
  const { sidecar, port } = accepted;
  const from = partyOf(
    sidecar.shared,
    accepted.socket.remoteAddress,
    accepted.socket.remotePort,
    tls?.names.uris[0] ?? null,
  );
  const facts: ConnectionFacts = {
    peer:
      tls === undefined
        ? undefined
        : { uriSans: tls.names.uris, dnsSans: tls.names.dns, subject: tls.forwarded.subject },
    sourceIp: toModelAddress(sidecar.shared.addresses(), accepted.socket.remoteAddress ?? ""),
    destinationIp: sidecar.binding().snapshot.workload.address,
    destinationPort: port,
    sni: seen.sni,
    listener,
    entry: {
      port,
      tls: tls !== undefined,
      identity: tls?.identity ?? sidecar.binding().snapshot.identity,
      peer: tls?.forwarded,
    },
    arrival: arrivalOf(listener, seen),
  };
  const to = selfParty(sidecar, port);
  const connection = {
    sidecar,
    socket,
    early,
    port,
    listener,
    chain,
    accepted: sidecar.binding(),
    seen,
    from,
    to,
    facts,
    tls,
    acceptedAt: accepted.at,
  };
  if (chain.network === "http") serveInboundHttp(connection);
  else serveInboundTcp(connection);
}

/** No chain takes it: closed without a byte (spec PA-16), and the reason told. */
function refuse(accepted: Accepted, listener: InboundListener, seen: Seen): void {
  const { sidecar, socket } = accepted;
  const { clock, reporter } = sidecar.shared;
  const ms = clock.monotonic() - accepted.at;
  const from = partyOf(sidecar.shared, socket.remoteAddress, socket.remotePort, null);
  // As Envoy does: the caller sees a reset, not an end.
  socket.resetAndDestroy();
  const plaintext = seen.transport === "raw";
  const failure: HandshakeFailure = {
    step: plaintext ? "plaintext" : "client-hello",
    alert: null,
    reason: refusalOf(listener, seen.transport),
    because: listener.because,
  };
  const handshake = report(accepted, seen, undefined, noTls(seen), null, failure, ms, from);
  reporter.add({
    kind: "connection",
    id: reporter.nextId("c"),
    at: clock.now(),
    generation: sidecar.binding().generation,
    proxy: sidecar.proxy,
    side: "inbound",
    from,
    to: selfParty(sidecar, accepted.port),
    flags: "NR",
    details: "filter_chain_not_found",
    handshake,
    sni: seen.sni ?? null,
    cluster: null,
    endpoint: null,
    ms,
    bytesIn: 0,
    bytesOut: 0,
    decision: undefined,
    caller: {
      peer: undefined,
      sourceIp: toModelAddress(sidecar.shared.addresses(), socket.remoteAddress ?? ""),
      destinationIp: sidecar.binding().snapshot.workload.address,
      destinationPort: accepted.port,
      sni: seen.sni,
      arrival: arrivalOf(listener, seen),
    },
  });
}

function report(
  accepted: Accepted,
  seen: Seen,
  peer: X509Certificate | undefined,
  tls: TlsFacts,
  spiffe: string | null,
  failure: HandshakeFailure | null,
  ms: number,
  from?: Party,
  refused?: ConnectionFacts,
): string {
  const { sidecar, port } = accepted;
  const { reporter, clock } = sidecar.shared;
  const id = reporter.nextId("h");
  if (failure !== null) sidecar.counts.handshakesFailed += 1;
  const caller = from ?? partyOf(sidecar.shared, accepted.socket.remoteAddress, accepted.socket.remotePort, null);
  reporter.add({
    kind: "handshake",
    id,
    at: clock.now(),
    generation: sidecar.binding().generation,
    proxy: sidecar.proxy,
    side: "server",
    from: { ...caller, spiffe },
    to: selfParty(sidecar, port),
    tls,
    local: seen.transport === "tls" ? sidecar.credentials.svid() : undefined,
    peer,
    ms,
    failure,
    caller: refused,
  });
  return id;
}

function noTls(seen: Seen): TlsFacts {
  return { version: null, cipher: null, alpn: null, sni: seen.sni ?? null, resumed: false };
}

/** Node lists a subject one part per line, most general first; RFC 2253 wants commas, most specific first. */
function rfc2253(subject: string | undefined): string {
  return (subject ?? "")
    .split("\n")
    .filter((part) => part !== "")
    .toReversed()
    .join(",");
}

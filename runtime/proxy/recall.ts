import type { Clock } from "../core/clock.ts";
import type { FromDataPlane } from "../model/dataplane.ts";
import type { Departure, RecalledCall, RecalledConnection, RecalledPeer } from "../model/recalled.ts";
import type { ForwardedCertificate } from "../traffic/client-certificate.ts";
import type { ConnectionFacts } from "../traffic/facts.ts";
import type { ConnectionRecord, ExchangeTold, HandshakeRecord } from "./record.ts";
import type { RecordRing } from "./record-ring.ts";

export interface RecallOptions {
  readonly ring: Pick<RecordRing, "range" | "toldAt">;
  readonly clock: Clock;
  readonly send: (message: Extract<FromDataPlane, { type: "recalled" }>) => void;
}

/** Between two pieces traffic goes on; reading a record takes a few microseconds. */
const sliceMs = 2;

/** Hands out what the ring holds of the last calls that came in, newest first, a slice at a time. Nothing is decided here. */
export function recallCalls(token: number, limit: number, { ring, clock, send }: RecallOptions): void {
  const numbers = new Map<ConnectionFacts, number>();
  const peers = new Map<string, RecalledPeer>();
  let place = ring.range().end - 1;
  let left = limit;

  function slice(): void {
    const until = clock.monotonic() + sliceMs;
    const calls: RecalledCall[] = [];
    const connections: RecalledConnection[] = [];
    const departures: Departure[] = [];
    const numberOf = (facts: ConnectionFacts): number | undefined => {
      const known = numbers.get(facts);
      if (known !== undefined) return known;
      const connection = connectionOf(facts, peers);
      if (connection === undefined) return undefined;
      connections.push(connection);
      numbers.set(facts, numbers.size);
      return numbers.size - 1;
    };
    for (; left > 0 && clock.monotonic() < until; place -= 1) {
      const told = ring.toldAt(place);
      // What is older than a record that is gone is gone too.
      if (told === undefined) left = 0;
      else if (told.kind === "exchange" && told.told.side === "outbound") departures.push(...departureOf(told.told));
      else {
        const call =
          told.kind === "exchange"
            ? requestOf(told.id, told.told, numberOf)
            : told.record.kind === "connection"
              ? connectionCallOf(told.record, numberOf)
              : handshakeCallOf(told.record, numberOf);
        if (call === undefined) continue;
        calls.push(call);
        left -= 1;
      }
    }
    send({ type: "recalled", token, piece: { calls, connections, departures }, done: left <= 0 });
    if (left > 0) clock.after(0, slice);
  }

  // An acknowledgement that is due goes first.
  clock.after(0, slice);
}

type NumberOf = (facts: ConnectionFacts) => number | undefined;

function requestOf(id: string, told: ExchangeTold, numberOf: NumberOf): RecalledCall | undefined {
  const { head, caller } = told;
  // A head that broke the protocol never comes to a policy, whatever it says.
  const connection = head === undefined || caller === undefined ? undefined : numberOf(caller);
  if (head === undefined || connection === undefined) return undefined;
  return {
    kind: "request",
    id,
    at: told.at,
    generation: told.generation,
    proxy: told.proxy,
    from: told.from,
    to: told.to,
    connection,
    protocol: told.protocol,
    method: told.method,
    authority: told.authority,
    target: told.originalPath ?? told.path,
    head: head.bytes.toString("latin1"),
    fields: head.fields,
    requestId: told.requestId ?? "",
    decided: told.decision !== undefined,
  };
}

function connectionCallOf(record: ConnectionRecord, numberOf: NumberOf): RecalledCall | undefined {
  const { caller, decision, id, at, generation, proxy, from, to, flags } = record;
  const isRefused = flags === "NR";
  // One that ended before its first byte was never decided.
  if (record.side === "outbound" || caller === undefined || (decision === undefined && !isRefused)) return undefined;
  const connection = numberOf(caller);
  if (connection === undefined) return undefined;
  const bytes = decision?.decision.verdict === "allow" ? record.bytesIn : null;
  return { kind: isRefused ? "refused" : "tcp", id, at, generation, proxy, from, to, connection, bytes, refusal: null };
}

/** One that failed for the caller's certificate ended a connection before it could become anything. */
function handshakeCallOf(record: HandshakeRecord, numberOf: NumberOf): RecalledCall | undefined {
  const { caller, failure, id, at, generation, proxy, from, to } = record;
  const connection = caller === undefined || failure === null ? undefined : numberOf(caller);
  if (connection === undefined || failure === null) return undefined;
  const refusal = failure.reason;
  return { kind: "refused", id, at, generation, proxy, from, to, connection, bytes: null, refusal };
}

function departureOf({ proxy, requestId, to, cluster }: ExchangeTold): readonly Departure[] {
  if (requestId === null || to.workload === null || cluster === null) return [];
  return [{ proxy, requestId, to: to.workload, cluster }];
}

function connectionOf(facts: ConnectionFacts, peers: Map<string, RecalledPeer>): RecalledConnection | undefined {
  const { arrival, entry, sni, sourceIp, destinationIp, destinationPort } = facts;
  if (arrival === undefined) return undefined;
  const peer = entry?.peer;
  return {
    sourceIp,
    destinationIp,
    destinationPort,
    ...(sni === undefined ? {} : { sni }),
    ...arrival,
    ...(peer === undefined ? {} : { peer: peerOf(peer, peers) }),
  };
}

/** Callers show the same certificate on every connection; to write it out costs more than all the rest. */
function peerOf(peer: ForwardedCertificate, peers: Map<string, RecalledPeer>): RecalledPeer {
  const known = peers.get(peer.hash);
  if (known !== undefined) return known;
  const { hash, subject, uriSans, dnsSans } = peer;
  const written = {
    hash,
    subject,
    uriSans,
    dnsSans,
    certificate: peer.certificate?.() ?? "",
    chain: peer.chain?.() ?? "",
  };
  peers.set(hash, written);
  return written;
}

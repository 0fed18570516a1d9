import type { X509Certificate } from "node:crypto";
import { subjectAltNames } from "../identity/certificate.ts";
import type { HandshakeFailure, Party } from "../model/event.ts";
import type { ConnectionFacts } from "../traffic/facts.ts";
import type { Sidecar } from "./context.ts";
import { arrivalOf } from "./inbound-seen.ts";
import type { Seen } from "./inbound-seen.ts";

/** What is known of a caller whose certificate was refused; undefined: the handshake failed for a reason that no file changes. */
export function refusedCaller(
  sidecar: Sidecar,
  port: number,
  seen: Seen,
  from: Party,
  { step, alert }: HandshakeFailure,
  leaf: X509Certificate | undefined,
): ConnectionFacts | undefined {
  const isBare = step === "certificate" && alert !== null;
  if (!isBare && (step !== "identity" || leaf === undefined)) return undefined;
  const binding = sidecar.binding();
  const facts: ConnectionFacts = {
    peer: undefined,
    sourceIp: from.address.slice(0, from.address.lastIndexOf(":")),
    destinationIp: binding.snapshot.workload.address,
    destinationPort: port,
    sni: seen.sni,
    arrival: arrivalOf(binding.inbound.listener(port), seen),
  };
  if (leaf === undefined) return facts;
  const names = subjectAltNames(leaf);
  const peer = { hash: leaf.fingerprint256, subject: "", uriSans: names.uris, dnsSans: names.dns };
  return { ...facts, entry: { port, tls: true, identity: binding.snapshot.identity, peer } };
}

import type { CertificateFacts, HandshakeEvent } from "../../runtime/model/event.ts";
import { stepWords } from "../../runtime/store/handshake-cause.ts";
import { place } from "./place.ts";
import { sanitize } from "./sanitize.ts";
import { seg, type Line, type Segment } from "./segment.ts";

/** `spiffe://cluster.local/ns/default/sa/frontend` → `ns/default/sa/frontend`: enough on a crowded line. */
export function shortSpiffe(id: string | null): string {
  if (id === null) return "no identity";
  return sanitize(id.replace(/^spiffe:\/\/[^/]+\//, ""));
}

/** The end of a plain line. */
export function handshakeSummary(event: HandshakeEvent): readonly Segment[] {
  const { failure, tls } = event;
  if (failure !== null) {
    const because = failure.because[0];
    const alert = failure.alert === null ? "" : ` (alert ${sanitize(failure.alert)})`;
    return [
      seg(`${sanitize(failure.reason)}${alert}`, "bad"),
      ...(because === undefined ? [] : [seg(` ${sanitize(because.resource)}`), seg(` ${place(because)}`, "dim")]),
    ];
  }
  const both = event.peer === null ? "" : `  peer ${shortSpiffe(event.peer.spiffe)}`;
  return [
    seg(`${sanitize(tls.version ?? "TLS")} ${sanitize(tls.cipher ?? "")}`),
    seg(both),
    seg(`${tls.resumed ? "  resumed" : ""}  ${milliseconds(event.ms)}`, "dim"),
  ];
}

export function milliseconds(ms: number): string {
  if (ms >= 10_000) return `${(ms / 1000).toFixed(1)} s`;
  return ms >= 100 ? `${Math.round(ms)} ms` : `${ms.toFixed(1)} ms`;
}

/** The whole handshake: version, cipher, both certificates, or the step that failed with the YAML that caused it. */
export function handshakeLines(event: HandshakeEvent): readonly Line[] {
  const { failure, tls } = event;
  const lines: Line[] = [];
  if (failure === null) {
    lines.push([
      seg("handshake ", "strong"),
      seg("completed", "good"),
      seg(` in ${milliseconds(event.ms)}, ${event.side} side${tls.resumed ? ", resumed session" : ""}`),
    ]);
  } else {
    lines.push([
      seg("handshake ", "strong"),
      seg("failed", "bad"),
      seg(` ${stepWords(failure.step)}, seen by the ${event.side}`),
    ]);
    lines.push([
      seg("  "),
      seg(sanitize(failure.reason), "bad"),
      seg(failure.alert === null ? "" : `  alert ${sanitize(failure.alert)}`),
    ]);
    for (const because of failure.because) {
      lines.push([
        seg("  because of "),
        seg(sanitize(because.resource), "strong"),
        seg(" "),
        seg(place(because), "info"),
      ]);
    }
  }
  if (tls.version !== null) lines.push([seg(`  ${sanitize(tls.version)}  ${sanitize(tls.cipher ?? "no cipher")}`)]);
  if (tls.alpn !== null) lines.push([seg(`  alpn ${sanitize(tls.alpn)}`)]);
  if (tls.sni !== null) lines.push([seg(`  sni ${sanitize(tls.sni)}`)]);
  if (event.local !== null) lines.push(...certificateLines(event.side === "client" ? "client" : "server", event.local));
  if (event.peer !== null) lines.push(...certificateLines(event.side === "client" ? "server" : "client", event.peer));
  return lines;
}

/** Named by its role, so that both sides of one call read the same. */
function certificateLines(role: string, facts: CertificateFacts): readonly Line[] {
  const sans = facts.sans.length > 0 ? facts.sans : [facts.spiffe ?? "no SAN"];
  return [
    [seg(`  ${role}  `, "dim"), seg(sanitize(sans.join(", ")), facts.spiffe === null ? "warn" : "plain")],
    ...certificateFactLines(facts).map((line): Line => [seg("    "), ...line]),
  ];
}

/** Serial, validity and issuers of one certificate. */
export function certificateFactLines(facts: CertificateFacts): readonly Line[] {
  return [
    [seg(`serial ${sanitize(facts.serial)}`, "dim")],
    [seg(`valid ${dateWords(facts.notBefore)} to ${dateWords(facts.notAfter)}`, "dim")],
    [seg(`issued by ${sanitize(facts.issuer)}`, "dim")],
    ...facts.chain.map((issuer): Line => [
      seg(
        `chain ${sanitize(issuer.subject)}  serial ${sanitize(issuer.serial)}  until ${dateWords(issuer.notAfter)}`,
        "dim",
      ),
    ]),
  ];
}

/** `2026-11-29 09:18:33Z` */
function dateWords(at: string): string {
  return sanitize(at.replace("T", " ").replace(".000Z", "Z"));
}

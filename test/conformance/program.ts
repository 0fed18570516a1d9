import { shakeHands } from "../../runtime/predict/handshake.ts";
import type { Answer, CertificateClaim, Payload } from "../../runtime/predict/payload.ts";
import type { Programs } from "../../runtime/predict/world.ts";
import type { Workload } from "../../runtime/model/mesh.ts";
import type { Trace } from "../../runtime/predict/trace.ts";
import { headerEntries, headerValue, parseRequestHead } from "../../runtime/wire/http1/head.ts";
import { sniffHttp } from "../../runtime/wire/sniff.ts";
import type { CaseWorkload } from "./case.ts";

/** The echo application of the recordings, for all workloads of a case. */
export function echoPrograms(specs: readonly CaseWorkload[]): Programs {
  const modes = new Map<string, string>(
    specs.flatMap((spec) =>
      (spec.ports ?? []).map(
        (port) => [`${spec.name}.${spec.namespace ?? "default"}:${port.port}`, port.mode ?? ""] as const,
      ),
    ),
  );
  return (workload, port, payload, trace) => {
    const mode = modes.get(`${workload.id}:${port}`) ?? "";
    if (mode === "closed" || !workload.ports.some((known) => known.port === port)) return { kind: "refused" };
    if (payload.kind === "tls") return overTls(workload, port, mode, payload, trace);
    return overBytes(workload, port, mode, payload.bytes, trace, undefined);
  };
}

function overTls(
  workload: Workload,
  port: number,
  mode: string,
  payload: Extract<Payload, { kind: "tls" }>,
  trace: Trace,
): Answer {
  if (mode === "tcp" || mode === "serverFirst") return { kind: "bytes", text: "" };
  if (mode !== "auto")
    return { kind: "http", status: 400, headers: [], body: "Client sent an HTTP request to an HTTPS server." };
  const { offer, inner } = payload;
  const certificate: CertificateClaim = {
    uriSans: [],
    dnsSans: [offer.sni ?? workload.name],
    subject: "",
    issuer: "public",
    expired: false,
    hash: "<sha256>",
  };
  const result = shakeHands(offer, {
    certificate,
    alpn: ["h2", "http/1.1"],
    needsAlpn: true,
    minVersion: 12,
    judge: undefined,
  });
  if (result.kind === "tls-failed") return result;
  if (inner.kind === "tls") return { kind: "closed", tls: result.session };
  const answer = overBytes(workload, port, mode, inner.bytes, trace, offer.sni);
  return answer.kind === "http" || answer.kind === "bytes" ? { ...answer, tls: result.session } : answer;
}

function overBytes(
  workload: Workload,
  port: number,
  mode: string,
  bytes: Buffer,
  trace: Trace,
  sni: string | undefined,
): Answer {
  const isHttp = mode !== "tcp" && mode !== "serverFirst" && ["http/1.1", "http/1.0"].includes(sniffHttp(bytes));
  const tls = sni === undefined ? {} : { sni };
  if (!isHttp) {
    const text = bytes.toString("utf8");
    trace.hits.push({ workload: workload.name, port, kind: "tcp", data: text, ...tls });
    return { kind: "bytes", text: JSON.stringify({ workload: workload.name, port, echo: text }) };
  }
  const parsed = parseRequestHead(bytes, 0);
  if (parsed.kind !== "head") return { kind: "http", status: 400, headers: [], body: "" };
  const { head, next } = parsed;
  // The recordings' HTTP library refuses user information in Host.
  if (head.authority.includes("@"))
    return {
      kind: "http",
      status: 400,
      headers: [["content-type", "text/plain; charset=utf-8"]],
      body: "400 Bad Request: malformed Host header",
    };
  trace.hits.push({
    workload: workload.name,
    port,
    kind: "http",
    method: head.method,
    uri: head.target,
    host: head.authority,
    headers: headerEntries(head),
    body: bytes.subarray(next).toString("utf8"),
    ...tls,
  });
  const statuses = (headerValue(head, "x-app-status") ?? "200").split(",").map((each) => Number(each.trim()));
  const attempt = Number(headerValue(head, "x-envoy-attempt-count") ?? "1");
  const added = (headerValue(head, "x-app-headers") ?? "")
    .split(";")
    .flatMap((pair): readonly (readonly [string, string])[] => {
      const at = pair.indexOf("=");
      return at < 0 ? [] : [[pair.slice(0, at).toLowerCase(), pair.slice(at + 1)]];
    });
  return {
    kind: "http",
    status: statuses[Math.min(attempt, statuses.length) - 1] ?? 200,
    headers: [
      ["content-type", "application/json"],
      ["x-app-workload", workload.name],
      ["date", "Thu, 01 Jan 1970 00:00:00 GMT"],
      ...added,
    ],
    body: "<echo>",
  };
}

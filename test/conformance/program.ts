import type { Workload } from "../../runtime/model/mesh.ts";
import { shakeHands } from "../../runtime/predict/handshake.ts";
import type { Message } from "../../runtime/predict/messages.ts";
import type { Answer, CertificateClaim, HttpAnswer, Payload } from "../../runtime/predict/payload.ts";
import { answerMessages, hitOf } from "../../runtime/predict/program.ts";
import type { Trace } from "../../runtime/predict/trace.ts";
import type { Programs } from "../../runtime/predict/world.ts";
import { headerValue } from "../../runtime/wire/http1/head.ts";
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
  // Tries of one request, wherever they arrive: what `x-app-status` and `x-app-reset` count.
  const tries = new Map<string, number>();
  return (workload, port, payload, trace) => {
    const mode = modes.get(`${workload.id}:${port}`) ?? "";
    if (mode === "closed" || !workload.ports.some((known) => known.port === port)) return { kind: "refused" };
    const place: Place = { workload, port, mode, trace, tries, sni: undefined };
    return payload.kind === "tls" ? overTls(place, payload) : overBytes(place, payload);
  };
}

interface Place {
  readonly workload: Workload;
  readonly port: number;
  readonly mode: string;
  readonly trace: Trace;
  readonly tries: Map<string, number>;
  /** Of the TLS that the program itself ends. */
  readonly sni: string | undefined;
}

function overTls(place: Place, { offer, inner }: Extract<Payload, { kind: "tls" }>): Answer {
  const { workload, mode } = place;
  if (mode === "tcp" || mode === "serverFirst") return { kind: "bytes", text: "" };
  if (mode !== "auto")
    return { kind: "http", status: 400, headers: [], body: "Client sent an HTTP request to an HTTPS server." };
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
  const answer = overBytes({ ...place, sni: offer.sni }, inner);
  return answer.kind === "http" || answer.kind === "bytes" ? { ...answer, tls: result.session } : answer;
}

function overBytes(place: Place, payload: Exclude<Payload, { kind: "tls" }>): Answer {
  const { workload, port, mode, trace, sni } = place;
  const tls = sni === undefined ? {} : { sni };
  const raw = mode === "tcp" || mode === "serverFirst";
  const isHttp = !raw && (payload.kind === "h2" || ["http/1.1", "http/1.0"].includes(sniffHttp(payload.bytes)));
  if (!isHttp) {
    const text = payload.kind === "h2" ? "" : payload.bytes.toString("utf8");
    trace.hits.push({ workload: workload.name, port, kind: "tcp", data: text, ...tls });
    // Of a server that speaks first the client reads the greeting.
    const told = mode === "serverFirst" ? { workload: workload.name } : { workload: workload.name, port, echo: text };
    return { kind: "bytes", text: JSON.stringify(told) };
  }
  return (
    answerMessages(payload, (message) => serve(place, message)) ?? {
      kind: "http",
      status: 400,
      headers: [],
      body: "",
    }
  );
}

function serve(place: Place, message: Message): Answer {
  const { workload, port, trace, sni } = place;
  const { head } = message;
  const told = (name: string): string | undefined => headerValue(head, name);
  // The recordings' HTTP library refuses user information in Host.
  if (head.authority.includes("@"))
    return {
      kind: "http",
      status: 400,
      headers: [["content-type", "text/plain; charset=utf-8"]],
      body: "400 Bad Request: malformed Host header",
    };
  const expect = told("expect")?.toLowerCase();
  if (expect !== undefined && expect !== "100-continue") {
    const headers = [["date", "Thu, 01 Jan 1970 00:00:00 GMT"] as const, ["content-length", "0"] as const];
    return { kind: "http", status: 417, headers, body: "", close: true };
  }
  trace.hits.push({ ...hitOf(workload.name, port, message), ...(sni === undefined ? {} : { sni }) });
  const isUpgrade = told("x-app-upgrade") !== undefined && head.upgrade !== undefined;
  // Whoever waits for the rest of a body gets no answer before it is there.
  if (!message.whole && head.upgrade === undefined) return { kind: "hang" };
  const attempt = countTry(place.tries, told("x-case-id"), told("x-envoy-attempt-count"));
  const resets = told("x-app-reset");
  if (resets === "true" || attempt <= Number(resets ?? "0")) return { kind: "closed" };
  const delayMs = milliseconds(told("x-app-delay"));
  if (message.patienceMs !== undefined && delayMs > message.patienceMs) return { kind: "hang" };
  const answer = isUpgrade ? switched(workload, message) : echo(workload, head, attempt);
  return {
    ...answer,
    ...(delayMs > 0 ? { delayMs } : {}),
    ...(expect === "100-continue" && message.body.length > 0 ? { interim: [100] } : {}),
  };
}

function countTry(tries: Map<string, number>, caseId: string | undefined, numbered: string | undefined): number {
  if (caseId === undefined) return Number(numbered ?? "1");
  const attempt = (tries.get(caseId) ?? 0) + 1;
  tries.set(caseId, attempt);
  return attempt;
}

/** `300ms`, `1s`. */
function milliseconds(text: string | undefined): number {
  const [, amount = "0", unit = "ms"] = /^([\d.]+)(ms|s)$/.exec(text ?? "") ?? [];
  return Number(amount) * (unit === "s" ? 1000 : 1);
}

function switched(workload: Workload, message: Message): HttpAnswer {
  const after = message.body.toString("utf8");
  return {
    kind: "http",
    status: 101,
    headers: [
      ["upgrade", "websocket"],
      ["connection", "Upgrade"],
      ["x-app-workload", workload.name],
    ],
    body: "",
    tunnel: after === "" ? "" : `echo:${after}`,
  };
}

function echo(workload: Workload, head: Message["head"], attempt: number): HttpAnswer {
  const statuses = (headerValue(head, "x-app-status") ?? "200").split(",").map((each) => Number(each.trim()));
  const status = statuses[Math.min(attempt, statuses.length) - 1] ?? 200;
  const headers = new Map<string, string[]>([
    ["content-type", ["application/json"]],
    ["x-app-workload", [workload.name]],
    ["date", ["Thu, 01 Jan 1970 00:00:00 GMT"]],
  ]);
  const replaced = new Set<string>();
  for (const pair of (headerValue(head, "x-app-headers") ?? "").split(";")) {
    const at = pair.indexOf("=");
    if (at < 0) continue;
    const name = pair.slice(0, at).toLowerCase();
    headers.set(name, replaced.has(name) ? [...(headers.get(name) ?? []), pair.slice(at + 1)] : [pair.slice(at + 1)]);
    replaced.add(name);
  }
  // A gRPC answer: its status follows the body.
  const grpcStatuses = headerValue(head, "x-app-grpc-status")?.split(",");
  if (grpcStatuses !== undefined) {
    const grpcStatus = grpcStatuses[Math.min(attempt, grpcStatuses.length) - 1] ?? "0";
    headers.delete("x-app-workload");
    headers.set("content-type", ["application/grpc"]);
    return {
      kind: "http",
      status,
      headers: linesOf(headers),
      body: "",
      trailers: [["grpc-status", grpcStatus]],
    };
  }
  // What the recordings' HTTP library leaves out of answers that have no body.
  if (status === 304) headers.delete("content-type");
  return {
    kind: "http",
    status,
    headers: linesOf(headers),
    body: status === 204 || status === 304 || head.method === "HEAD" ? "" : "<echo>",
  };
}

function linesOf(headers: ReadonlyMap<string, readonly string[]>): HttpAnswer["headers"] {
  return [...headers].flatMap(([name, values]) => values.map((value) => [name, value] as const));
}

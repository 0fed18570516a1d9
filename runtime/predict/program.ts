import { headerEntries, parseRequestHead } from "../wire/http1/head.ts";
import type { Programs } from "./world.ts";

/** A program that listens on its declared ports and answers every request with 200. */
export const helpfulProgram: Programs = (workload, port, payload, trace) => {
  if (!workload.ports.some((known) => known.port === port)) return { kind: "refused" };
  // TLS that nobody ended is nothing such a program understands.
  if (payload.kind === "tls") return { kind: "http", status: 400, headers: [], body: "" };
  const parsed = parseRequestHead(payload.bytes, 0);
  if (parsed.kind !== "head") {
    trace.hits.push({ workload: workload.id, port, kind: "tcp", data: payload.bytes.toString("utf8") });
    return { kind: "bytes", text: "" };
  }
  const { head, next } = parsed;
  trace.hits.push({
    workload: workload.id,
    port,
    kind: "http",
    method: head.method,
    uri: head.target,
    host: head.authority,
    headers: headerEntries(head),
    body: payload.bytes.subarray(next).toString("utf8"),
  });
  return { kind: "http", status: 200, headers: [], body: "" };
};

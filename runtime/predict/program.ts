import type { Workload } from "../model/mesh.ts";
import { headerEntries } from "../wire/http1/head.ts";
import { defaultLimits } from "../wire/http1/scan.ts";
import { type Message, serveMessages } from "./messages.ts";
import type { Answer, BytesPayload, Http2Payload } from "./payload.ts";
import type { Hit, Trace } from "./trace.ts";
import type { Programs } from "./world.ts";

/** A program that listens on its declared ports and answers every request with 200. */
export const helpfulProgram: Programs = (workload, port, payload, trace) => {
  if (!workload.ports.some((known) => known.port === port)) return { kind: "refused" };
  // TLS that nobody ended comes to such a program, which does not understand it.
  if (payload.kind === "tls") {
    trace.hits.push({ workload: workload.id, port, kind: "tcp", data: "" });
    return { kind: "http", status: 400, headers: [], body: "" };
  }
  const answer = answerMessages(payload, (message) => {
    trace.hits.push(hitOf(workload.id, port, message));
    return { kind: "http", status: 200, headers: [], body: "" };
  });
  return answer ?? receiveRaw(workload, port, payload, trace);
};

/** The requests that arrive at a program; undefined: what came is not HTTP. */
export function answerMessages(
  payload: BytesPayload | Http2Payload,
  serve: (message: Message) => Answer,
): Answer | undefined {
  let isHttp = true;
  const answer = serveMessages(payload, {
    limits: { ...defaultLimits, maxBytes: 1 << 20, http10: true },
    serve,
    refuse: () => {
      isHttp = false;
      return { kind: "http", status: 400, headers: [], body: "", close: true };
    },
    reset: () => undefined,
  });
  return isHttp ? answer : undefined;
}

function receiveRaw(workload: Workload, port: number, payload: BytesPayload | Http2Payload, trace: Trace): Answer {
  const data = payload.kind === "h2" ? "" : payload.bytes.toString("utf8");
  trace.hits.push({ workload: workload.id, port, kind: "tcp", data });
  return { kind: "bytes", text: "" };
}

/** A request as a program sees it. */
export function hitOf(workload: string, port: number, message: Message): Hit {
  const { head, body, protocol } = message;
  return {
    workload,
    port,
    kind: "http",
    proto: protocol === "HTTP/2" ? "HTTP/2.0" : protocol,
    method: head.method,
    uri: head.target,
    host: head.authority,
    headers: headerEntries(head),
    body: head.upgrade === undefined ? body.toString("utf8") : "",
  };
}

import type { HandshakeEvent, HandshakeFailure } from "../model/event.ts";
import type { Cause } from "./cause.ts";

/** What the step that failed is about, for who saw it. */
const steps: Readonly<Record<HandshakeFailure["step"], string>> = {
  plaintext: "before TLS began: the caller sent plaintext",
  "client-hello": "at the ClientHello",
  certificate: "when the caller's certificate was asked for",
  verify: "when the other side's certificate was verified",
  identity: "when the other side's identity was checked",
  alpn: "when protocols were agreed (ALPN)",
  transport: "in the connection below TLS",
};

/** The failed step in words. */
export function stepWords(step: HandshakeFailure["step"]): string {
  return steps[step];
}

/** Which side, which step, which YAML. */
export function handshakeCause(
  { side, from, to }: HandshakeEvent,
  { step, reason, because, alert }: HandshakeFailure,
): Cause {
  const [first] = because;
  const own = side === "server" ? to : from;
  const told = alert === null ? "" : ` (alert ${alert})`;
  return {
    text: `${reason}${told}, ${stepWords(step)}; seen by the ${side}${own.workload === null ? "" : ` ${own.workload}`}`,
    at: first === undefined ? null : { file: first.file, line: first.line, column: first.column },
    what: first === undefined ? null : `${first.resource} ${first.field}`,
    changes: [],
  };
}

import type { HttpAnswer } from "../../runtime/predict/payload.ts";
import { reasonPhrase } from "../../runtime/wire/http1/reason.ts";

/** Bytes that came back on a connection, as far as two runs can be compared. */
export interface Received {
  readonly start: string;
  /** Sorted lines; undefined: only the first line was kept. */
  readonly headers: readonly string[] | undefined;
  readonly body: string;
}

/** What a recording holds of raw bytes: all of them, the first line, or `<echo>` for an answer of the application. */
export function recordedBytes(text: string): Received | "<echo>" {
  if (text === "<echo>") return text;
  const end = text.indexOf("\r\n\r\n");
  if (end < 0) return { start: text.trimEnd(), headers: undefined, body: "" };
  const [start = "", ...lines] = text.slice(0, end).split("\r\n");
  const body = withoutEcho(text.slice(end + 4));
  return { start, headers: comparable(lines, body), body };
}

/** The same of a prediction, in the form of the recording it is held against. */
export function predictedBytes(answer: HttpAnswer, recorded: Received | "<echo>"): Received | "<echo>" {
  const all = [answer, ...(answer.more ?? [])];
  if (recorded === "<echo>") return all.some((each) => each.body === "<echo>") ? "<echo>" : writtenAs(answer);
  const written = writtenAs(answer);
  if (recorded.headers === undefined) return { start: written.start, headers: undefined, body: "" };
  if (!recorded.headers.includes(someLength)) return written;
  return { ...written, headers: written.headers?.map((line) => line.replace(/^content-length: .*/, someLength)) };
}

/** How some recordings hold a length. */
const someLength = "content-length: <n>";

function writtenAs(answer: HttpAnswer): Received {
  const { status, headers } = answer;
  const isChunked = answer.body !== "<echo>" && status >= 200 && !headers.some(([name]) => name === "content-length");
  const body = isChunked
    ? `${Buffer.byteLength(answer.body).toString(16)}\r\n${answer.body}\r\n0\r\n\r\n`
    : answer.body + (answer.tunnel ?? "");
  const lines = [
    ...headers.map(([name, value]) => `${name}: ${value}`),
    ...(answer.close === true ? ["connection: close"] : []),
    ...(isChunked && !headers.some(([name]) => name === "transfer-encoding") ? ["transfer-encoding: chunked"] : []),
  ];
  return { start: `HTTP/1.1 ${status} ${reasonPhrase(status)}`, headers: comparable(lines, body), body };
}

/** Times and dates differ from run to run, and the length of an echo with them. */
function comparable(lines: readonly string[], body: string): readonly string[] {
  return lines
    .map((line) => line.replace(/^(date|x-envoy-upstream-service-time): .*/, "$1"))
    .filter((line) => body !== "<echo>" || !line.startsWith("content-length: "))
    .toSorted();
}

function withoutEcho(body: string): string {
  return body.startsWith('{"attempt":') ? "<echo>" : body;
}

/** A body that the recorder cut off says its length: `xxx...(900000 bytes)`. Such an echo is not recognisable any more. */
export function sameBody(recorded: unknown, actual: string): boolean {
  if (recorded === actual) return true;
  const cut = typeof recorded === "string" ? /^(.*)\.\.\.\((\d+) bytes\)$/s.exec(recorded) : null;
  if (cut === null) return false;
  const [, start = "", size = ""] = cut;
  if (actual === "<echo>") return withoutEcho(start) === "<echo>";
  return actual.startsWith(start) && Buffer.byteLength(actual) === Number(size);
}

/**
 * Reads HTTP/1.1 in the one form that we write, with plain string operations and none of the codec's code: a second opinion
 * on where each message ends. Whatever is not of that form throws.
 */
export interface PlainMessage {
  readonly start: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string;
}

const requestLine = /^[A-Z]+ [\x21-\x7e]+ HTTP\/1\.1$/;
const statusLine = /^HTTP\/1\.1 ([1-9]\d\d) [A-Za-z' -]+$/;
const headerLine =
  /^([!#$%&'*+\-.^_`|~0-9a-z]+): ((?:[\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?)?)$/;
const length = /^(?:0|[1-9]\d*)$/;
const chunkSize = /^[1-9a-f][0-9a-f]*$/;

function must<T>(value: T | null | undefined, what: string): T {
  if (value === null || value === undefined) throw new Error(`not in canonical form: ${what}`);
  return value;
}

/** All requests in the text, which must end with the last of them. */
export function readPlainRequests(text: string): readonly PlainMessage[] {
  const messages: PlainMessage[] = [];
  for (let at = 0; at < text.length;) {
    const { message, next } = readPlain(text, at, requestLine, () => true);
    messages.push(message);
    at = next;
  }
  return messages;
}

/** One response to a request of this method; `next` is the first character behind it. */
export function readPlainResponse(
  text: string,
  at: number,
  method: string,
): { readonly message: PlainMessage; readonly next: number } {
  return readPlain(text, at, statusLine, (start) => {
    const status = Number(statusLine.exec(start)?.[1]);
    return method !== "HEAD" && status >= 200 && status !== 204 && status !== 304;
  });
}

function readPlain(
  text: string,
  at: number,
  startLine: RegExp,
  hasBody: (start: string) => boolean,
): { message: PlainMessage; next: number } {
  const end = text.indexOf("\r\n\r\n", at);
  if (end < 0) throw new Error(`no end of head: ${JSON.stringify(text.slice(at))}`);
  const [start = "", ...rest] = text.slice(at, end).split("\r\n");
  if (!startLine.test(start)) throw new Error(`not in canonical form: ${JSON.stringify(start)}`);
  const headers = rest.map((line) => {
    const [, name = "", value = ""] = must(headerLine.exec(line), JSON.stringify(line));
    return [name, value] as const;
  });
  const lengths = headers.filter(([name]) => name === "content-length").map(([, value]) => value);
  const codings = headers.filter(([name]) => name === "transfer-encoding").map(([, value]) => value);
  if (lengths.length + codings.length > 1) throw new Error("more than one framing header");
  const body = end + 4;
  if (!hasBody(start)) return { message: { start, headers, body: "" }, next: body };
  const [coding] = codings;
  if (coding !== undefined) {
    if (coding !== "chunked") throw new Error(`coding ${coding}`);
    return readChunks(text, body, { start, headers, body: "" });
  }
  const [size = "0"] = lengths;
  if (!length.test(size)) throw new Error(`length ${size}`);
  const next = body + Number(size);
  if (next > text.length) throw new Error("body cut short");
  return { message: { start, headers, body: text.slice(body, next) }, next };
}

function readChunks(text: string, from: number, message: PlainMessage): { message: PlainMessage; next: number } {
  let body = "";
  for (let at = from; ;) {
    const end = text.indexOf("\r\n", at);
    const size = text.slice(at, end);
    if (end < 0) throw new Error("chunks cut short");
    if (size === "0") {
      if (text.slice(end, end + 4) !== "\r\n\r\n") throw new Error("trailers");
      return { message: { ...message, body }, next: end + 4 };
    }
    if (!chunkSize.test(size)) throw new Error(`chunk size ${JSON.stringify(size)}`);
    const to = end + 2 + Number.parseInt(size, 16);
    if (text.slice(to, to + 2) !== "\r\n") throw new Error("chunk cut short");
    body += text.slice(end + 2, to);
    at = to + 2;
  }
}

/** HTTP/2 frames written by hand, for what no honest client sends. */
const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const type = { data: 0, headers: 1, reset: 3, settings: 4, goaway: 7, continuation: 9 } as const;
const endStream = 1;
const endHeaders = 4;

export function frame(kind: number, flags: number, stream: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(kind, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

export function opening(): Buffer {
  return Buffer.concat([Buffer.from(preface), frame(type.settings, 0, 0, Buffer.alloc(0))]);
}

/** A header block in which every header is a literal with its name (RFC 7541 §6.2.2): any bytes may stand in it. */
export function block(headers: readonly (readonly [name: string, value: string])[]): Buffer {
  return Buffer.concat(headers.flatMap(([name, value]) => [Buffer.from([0]), text(name), text(value)]));
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value, "latin1");
  if (bytes.length < 127) return Buffer.concat([Buffer.from([bytes.length]), bytes]);
  const rest: number[] = [127];
  let left = bytes.length - 127;
  for (; left >= 128; left = Math.floor(left / 128)) rest.push((left % 128) + 128);
  return Buffer.concat([Buffer.from([...rest, left]), bytes]);
}

/** One request: its header list and, if there is one, its body. */
export function request(stream: number, headers: readonly (readonly [string, string])[], body?: string): Buffer {
  const head = frame(type.headers, endHeaders | (body === undefined ? endStream : 0), stream, block(headers));
  return body === undefined
    ? head
    : Buffer.concat([head, frame(type.data, endStream, stream, Buffer.from(body, "latin1"))]);
}

/** What came back: `answered` for a header block on the stream, `reset` for the stream's or the connection's end. */
export function verdictOf(received: Buffer, stream: number): "answered" | "reset" | undefined {
  for (let at = 0; at + 9 <= received.length; at += 9 + received.readUIntBE(at, 3)) {
    const kind = received[at + 3];
    const of = received.readUInt32BE(at + 5) & 0x7fff_ffff;
    if (kind === type.headers && of === stream) return "answered";
    if ((kind === type.reset && of === stream) || kind === type.goaway) return "reset";
  }
  return undefined;
}

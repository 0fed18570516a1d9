/** What a TLS client offers in its first message, as Envoy's TLS inspector reports it. */
interface ClientHello {
  readonly kind: "hello";
  /** Lower case (errata security 8); undefined when the client sent none. */
  readonly sni: string | undefined;
  /** The offered protocols, in order; the offer, not the outcome, selects a filter chain. */
  readonly alpn: readonly string[];
  /** Versions as on the wire, 0x0304 = TLS 1.3; without the extension only the legacy version. */
  readonly versions: readonly number[];
}

export type ClientHelloResult =
  | ClientHello
  | { readonly kind: "incomplete" }
  /** Not TLS, or nothing that a TLS stack would accept: the connection counts as plaintext, as in Envoy. */
  | { readonly kind: "not-tls" }
  /** A ClientHello beyond 16 KiB: close. */
  | { readonly kind: "too-large" };

const maxHello = 16 * 1024;
/** A record holds at most 2^14 bytes of plaintext. */
const maxRecord = 16 * 1024;
const recordHeader = 5;

const notTls: ClientHelloResult = { kind: "not-tls" };
const incomplete: ClientHelloResult = { kind: "incomplete" };

/**
 * Reads a ClientHello from the first bytes of a connection, which may be cut anywhere and spread over several records.
 * Fewer than five bytes are always incomplete: Envoy waits for a whole record header (errata security 23).
 */
export function parseClientHello(bytes: Buffer): ClientHelloResult {
  if (bytes.length < recordHeader) return incomplete;
  const message = gatherHandshake(bytes);
  if (!Buffer.isBuffer(message)) return message;
  return readHello(message);
}

/** The body of the first handshake message, collected from its records. */
function gatherHandshake(bytes: Buffer): Buffer | ClientHelloResult {
  const pieces: Buffer[] = [];
  let gathered = 0;
  /** Bytes that the records so far say they hold, here or not. */
  let declared = 0;
  let pos = 0;
  let wanted: number | undefined;
  for (;;) {
    if (pos < bytes.length && bytes[pos] !== 0x16) return notTls;
    if (pos + 1 < bytes.length && bytes[pos + 1] !== 3) return notTls;
    if (bytes.length - pos < recordHeader) return incomplete;
    const length = bytes.readUInt16BE(pos + 3);
    if (length === 0 || length > maxRecord) return notTls;
    const start = pos + recordHeader;
    const end = Math.min(start + length, bytes.length);
    pieces.push(bytes.subarray(start, end));
    gathered += end - start;
    declared += length;
    if (gathered > 0 && pieces[0]?.[0] !== undefined && pieces[0][0] !== 1) return notTls;
    if (wanted === undefined && gathered >= 4) {
      const header = pieces.length === 1 ? pieces[0] : Buffer.concat(pieces);
      wanted = 4 + (header?.readUIntBE(1, 3) ?? 0);
      if (wanted > maxHello) return { kind: "too-large" };
    }
    // TLS 1.3 wants a record to end with the ClientHello; older clients cannot have sent more yet either.
    if (wanted !== undefined && declared > wanted) return notTls;
    if (wanted !== undefined && gathered === wanted) {
      const whole = pieces.length === 1 ? (pieces[0] ?? Buffer.alloc(0)) : Buffer.concat(pieces);
      return whole.subarray(4, wanted);
    }
    pos = start + length;
    if (pos > bytes.length || gathered > maxHello + 4)
      return gathered > maxHello + 4 ? { kind: "too-large" } : incomplete;
    if (pos === bytes.length) return incomplete;
  }
}

/** A range that is read from the front; every read is checked, and undefined means that the range was too short. */
interface Cursor {
  readonly bytes: Buffer;
  pos: number;
  readonly end: number;
}

function take(cursor: Cursor, count: number): Cursor | undefined {
  const from = cursor.pos;
  if (cursor.end - from < count) return undefined;
  cursor.pos = from + count;
  return { bytes: cursor.bytes, pos: from, end: from + count };
}

function number(cursor: Cursor, width: 1 | 2): number | undefined {
  const range = take(cursor, width);
  if (range === undefined) return undefined;
  return width === 1 ? range.bytes[range.pos] : range.bytes.readUInt16BE(range.pos);
}

/** A range whose length stands before it. */
function vector(cursor: Cursor, width: 1 | 2): Cursor | undefined {
  const length = number(cursor, width);
  return length === undefined ? undefined : take(cursor, length);
}

function readHello(message: Buffer): ClientHelloResult {
  const cursor: Cursor = { bytes: message, pos: 0, end: message.length };
  const legacy = number(cursor, 2);
  const random = take(cursor, 32);
  const session = vector(cursor, 1);
  const ciphers = vector(cursor, 2);
  const compressions = vector(cursor, 1);
  if (legacy === undefined || random === undefined || session === undefined) return notTls;
  if (ciphers === undefined || compressions === undefined) return notTls;
  if (session.end - session.pos > 32 || ciphers.end === ciphers.pos || compressions.end === compressions.pos)
    return notTls;
  if (legacy >>> 8 !== 3 || (ciphers.end - ciphers.pos) % 2 !== 0) return notTls;

  let sni: string | undefined;
  let alpn: readonly string[] = [];
  let versions: readonly number[] = [legacy];
  if (cursor.pos === cursor.end) return { kind: "hello", sni, alpn, versions };
  const extensions = vector(cursor, 2);
  if (extensions === undefined || cursor.pos !== cursor.end) return notTls;
  const seen = new Set<number>();
  while (extensions.pos < extensions.end) {
    const type = number(extensions, 2);
    const body = vector(extensions, 2);
    if (type === undefined || body === undefined || seen.has(type)) return notTls;
    seen.add(type);
    if (type === 0) {
      const name = readServerName(body);
      if (name === undefined) return notTls;
      sni = name;
    } else if (type === 16) {
      const offered = readAlpn(body);
      if (offered === undefined) return notTls;
      alpn = offered;
    } else if (type === 43) {
      const offered = readVersions(body);
      if (offered === undefined) return notTls;
      versions = offered;
    }
  }
  return { kind: "hello", sni, alpn, versions };
}

/** RFC 6066 §3: a list with exactly one host name. */
function readServerName(body: Cursor): string | undefined {
  const list = vector(body, 2);
  if (list === undefined || body.pos !== body.end) return undefined;
  const type = number(list, 1);
  const name = vector(list, 2);
  if (type !== 0 || name === undefined || list.pos !== list.end) return undefined;
  const length = name.end - name.pos;
  if (length === 0 || length > 255) return undefined;
  for (let i = name.pos; i < name.end; i += 1) if (name.bytes[i] === 0) return undefined;
  return name.bytes.toString("latin1", name.pos, name.end).toLowerCase();
}

function readAlpn(body: Cursor): readonly string[] | undefined {
  const list = vector(body, 2);
  if (list === undefined || body.pos !== body.end || list.pos === list.end) return undefined;
  const names: string[] = [];
  while (list.pos < list.end) {
    const name = vector(list, 1);
    if (name === undefined || name.pos === name.end) return undefined;
    names.push(name.bytes.toString("latin1", name.pos, name.end));
  }
  return names;
}

function readVersions(body: Cursor): readonly number[] | undefined {
  const list = vector(body, 1);
  if (list === undefined || body.pos !== body.end || list.pos === list.end) return undefined;
  const versions: number[] = [];
  while (list.pos < list.end) {
    const version = number(list, 2);
    if (version === undefined) return undefined;
    versions.push(version);
  }
  return versions;
}

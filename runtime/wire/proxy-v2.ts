import { formatAddress, parseAddress } from "./ip-address.ts";

/** The PROXY protocol, version 2: how a hook tells a sidecar where its program wanted to go. */

export interface ProxyEndpoint {
  /** IPv4 or IPv6 text, or a Unix path. */
  readonly address: string;
  /** 0 for Unix. */
  readonly port: number;
}

interface ProxyHeader {
  readonly kind: "header";
  /** `local`: the sender speaks for itself; addresses are absent. */
  readonly command: "proxy" | "local";
  readonly family: "tcp4" | "tcp6" | "unix" | "unspecified";
  readonly source: ProxyEndpoint | undefined;
  readonly destination: ProxyEndpoint | undefined;
  /** The host name that the program asked for (TLV 0x02). */
  readonly authority: string | undefined;
  /** First byte after the header. */
  readonly next: number;
}

export type ProxyResult =
  | ProxyHeader
  | { readonly kind: "incomplete" }
  | { readonly kind: "error"; readonly reason: string };

const signature = Buffer.from("0d0a0d0a000d0a515549540a", "hex");
const fixed = 16;
/** Far more than addresses and a host name need. */
const maxLength = 2048;
const authorityType = 0x02;
const crcType = 0x03;
const noopType = 0x04;
const unixLength = 108;

export interface ProxyV2Input {
  readonly source: ProxyEndpoint;
  readonly destination: ProxyEndpoint;
  readonly authority?: string;
}

/** A header for a TCP connection between two addresses of one family; undefined when they are none. */
export function encodeProxyV2(input: ProxyV2Input): Buffer | undefined {
  const source = parseAddress(input.source.address);
  const destination = parseAddress(input.destination.address);
  if (source === undefined || destination === undefined || source.length !== destination.length) return undefined;
  const ports = Buffer.alloc(4);
  if (!isPort(input.source.port) || !isPort(input.destination.port)) return undefined;
  ports.writeUInt16BE(input.source.port, 0);
  ports.writeUInt16BE(input.destination.port, 2);
  const name = input.authority === undefined ? undefined : Buffer.from(input.authority);
  if (name !== undefined && (name.length === 0 || name.length > 255)) return undefined;
  const tlv =
    name === undefined ? Buffer.alloc(0) : Buffer.concat([Buffer.from([authorityType, 0, name.length]), name]);
  const body = Buffer.concat([source, destination, ports, tlv]);
  return Buffer.concat([signature, start(0x21, source.length === 4 ? 0x11 : 0x21, body.length), body]);
}

/** A header without addresses: health checks and the like. */
export function encodeProxyV2Local(): Buffer {
  return Buffer.concat([signature, start(0x20, 0x00, 0)]);
}

function start(command: number, family: number, length: number): Buffer {
  return Buffer.from([command, family, length >>> 8, length & 0xff]);
}

function isPort(port: number): boolean {
  return Number.isInteger(port) && port >= 0 && port <= 65_535;
}

/** Reads the header at the front. Anything but a complete and sound one is `incomplete` or an error, never a guess. */
export function parseProxyV2(bytes: Buffer): ProxyResult {
  const same = Math.min(bytes.length, signature.length);
  if (bytes.compare(signature, 0, same, 0, same) !== 0) return broken("no PROXY v2 signature");
  if (bytes.length < fixed) return { kind: "incomplete" };
  const [versionCommand, family] = [bytes[12] ?? 0, bytes[13] ?? 0];
  if (versionCommand >>> 4 !== 2) return broken("not version 2");
  const command = versionCommand & 0x0f;
  if (command > 1) return broken("unknown command");
  const length = bytes.readUInt16BE(14);
  if (length > maxLength) return broken("header too long");
  const next = fixed + length;
  if (bytes.length < next) return { kind: "incomplete" };
  const body = bytes.subarray(fixed, next);
  if (command === 0) {
    return {
      kind: "header",
      command: "local",
      family: "unspecified",
      source: undefined,
      destination: undefined,
      authority: undefined,
      next,
    };
  }
  return readAddresses(body, family, next);
}

function readAddresses(body: Buffer, family: number, next: number): ProxyResult {
  switch (family) {
    case 0x11:
      return readInternet(body, 4, "tcp4", next);
    case 0x21:
      return readInternet(body, 16, "tcp6", next);
    case 0x31: {
      if (body.length < 2 * unixLength) return broken("addresses cut short");
      const tail = readTlvs(body.subarray(2 * unixLength));
      if (typeof tail === "string") return broken(tail);
      const source = { address: unixPath(body, 0), port: 0 };
      const destination = { address: unixPath(body, unixLength), port: 0 };
      return { kind: "header", command: "proxy", family: "unix", source, destination, authority: tail.authority, next };
    }
    default:
      return broken("unsupported address family");
  }
}

function readInternet(body: Buffer, width: 4 | 16, family: "tcp4" | "tcp6", next: number): ProxyResult {
  const length = 2 * width + 4;
  if (body.length < length) return broken("addresses cut short");
  const tail = readTlvs(body.subarray(length));
  if (typeof tail === "string") return broken(tail);
  return {
    kind: "header",
    command: "proxy",
    family,
    source: { address: formatAddress(body.subarray(0, width)), port: body.readUInt16BE(2 * width) },
    destination: { address: formatAddress(body.subarray(width, 2 * width)), port: body.readUInt16BE(2 * width + 2) },
    authority: tail.authority,
    next,
  };
}

function unixPath(body: Buffer, from: number): string {
  const end = body.indexOf(0, from);
  return body.toString("utf8", from, end === -1 || end > from + unixLength ? from + unixLength : end);
}

/** The host name among the extensions; others are skipped, but a checksum that we would not check is refused. */
function readTlvs(bytes: Buffer): { readonly authority: string | undefined } | string {
  let authority: string | undefined;
  let pos = 0;
  while (pos < bytes.length) {
    if (bytes.length - pos < 3) return "extension cut short";
    const type = bytes[pos] ?? 0;
    const length = bytes.readUInt16BE(pos + 1);
    const from = pos + 3;
    if (bytes.length - from < length) return "extension cut short";
    pos = from + length;
    if (type === crcType) return "checksums are not supported";
    if (type === noopType || type !== authorityType) continue;
    if (authority !== undefined || length === 0 || length > 255) return "unusable host name";
    const value = bytes.subarray(from, pos);
    if (!value.every((byte) => byte > 0x20 && byte < 0x7f)) return "unusable host name";
    authority = value.toString("latin1");
  }
  return { authority };
}

function broken(reason: string): ProxyResult {
  return { kind: "error", reason };
}

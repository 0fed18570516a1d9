import { Writer } from "protobufjs/minimal.js";

/** `envoy.service.auth.v3.CheckRequest`, as far as Istio's sidecars fill it. */
export interface CheckRequestFields {
  readonly source: PeerFields;
  readonly destination: PeerFields;
  /** Undefined: the server name is not told. */
  readonly sni: string | undefined;
  /** Undefined: a TCP connection. */
  readonly http: HttpRequestFields | undefined;
}

export interface PeerFields {
  readonly address: string;
  readonly port: number;
  /** SPIFFE id; empty: none. */
  readonly principal: string;
  /** URL-encoded PEM; empty: none. */
  readonly certificate: string;
}

export interface HttpRequestFields {
  /** Milliseconds since 1970 at which the request came. */
  readonly at: number;
  readonly id: string;
  readonly method: string;
  /** Pseudo headers among them. */
  readonly headers: ReadonlyMap<string, string>;
  readonly path: string;
  readonly host: string;
  readonly scheme: string;
  /** Bytes of the body so far. */
  readonly size: number;
  readonly protocol: string;
  readonly body: { readonly bytes: Uint8Array; readonly raw: boolean } | undefined;
}

/** The bytes of the message, without gRPC's frame around them. Field numbers are those of Envoy's API. */
export function encodeCheckRequest(fields: CheckRequestFields): Uint8Array {
  const writer = Writer.create();
  submessage(writer, 1, () => {
    writePeer(writer, 1, fields.source);
    writePeer(writer, 2, fields.destination);
    const { http } = fields;
    if (http !== undefined) {
      submessage(writer, 4, () => {
        writeRequest(writer, http);
      });
    }
    if (http !== undefined) submessage(writer, 11, nothing);
    const { sni } = fields;
    if (sni !== undefined) {
      submessage(writer, 12, () => {
        writeText(writer, 1, sni);
      });
    }
    if (http !== undefined) submessage(writer, 13, nothing);
  });
  return writer.finish();
}

function writePeer(writer: Writer, field: number, { address, port, principal, certificate }: PeerFields): void {
  submessage(writer, field, () => {
    submessage(writer, 1, () => {
      submessage(writer, 1, () => {
        writeText(writer, 2, address);
        if (port !== 0) writer.uint32(tag(3, varint)).uint32(port);
      });
    });
    writeText(writer, 4, principal);
    writeText(writer, 5, certificate);
  });
}

function writeRequest(writer: Writer, request: HttpRequestFields): void {
  submessage(writer, 1, () => {
    const seconds = Math.floor(request.at / 1000);
    writer.uint32(tag(1, varint)).int64(seconds);
    const nanos = Math.round((request.at - seconds * 1000) * 1e6);
    if (nanos !== 0) writer.uint32(tag(2, varint)).int32(nanos);
  });
  submessage(writer, 2, () => {
    writeText(writer, 1, request.id);
    writeText(writer, 2, request.method);
    for (const [name, value] of request.headers) {
      submessage(writer, 3, () => {
        writeText(writer, 1, name);
        writeText(writer, 2, value);
      });
    }
    writeText(writer, 4, request.path);
    writeText(writer, 5, request.host);
    writeText(writer, 6, request.scheme);
    if (request.size !== 0) writer.uint32(tag(9, varint)).int64(request.size);
    writeText(writer, 10, request.protocol);
    const { body } = request;
    if (body === undefined || body.bytes.length === 0) return;
    if (body.raw) writer.uint32(tag(12, delimited)).bytes(body.bytes);
    else writeText(writer, 11, asText(body.bytes));
  });
}

const varint = 0;
const delimited = 2;

function tag(field: number, type: number): number {
  return (field << 3) | type;
}

function submessage(writer: Writer, field: number, write: () => void): void {
  writer.uint32(tag(field, delimited)).fork();
  write();
  writer.ldelim();
}

function writeText(writer: Writer, field: number, text: string): void {
  if (text !== "") writer.uint32(tag(field, delimited)).string(text);
}

function nothing(): void {
  // An empty message is a message.
}

/** Bytes that are no UTF-8 become exclamation marks, as Envoy writes them (tried with 1.40). */
function asText(bytes: Uint8Array): string {
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes).replaceAll("�", "!");
}

import protobuf from "protobufjs/light.js";

/** The part of Envoy's authorization API that tests speak, read and written by a library: it shares nothing with our own codec. */

const repeated = (type: string, id: number) => ({ type, id, rule: "repeated" as const });
const mapOf = (type: string, id: number) => ({ keyType: "string", type, id });
const texts = (id: number) => mapOf("string", id);

const root = protobuf.Root.fromJSON({
  nested: {
    CheckRequest: { fields: { attributes: { type: "AttributeContext", id: 1 } } },
    AttributeContext: {
      fields: {
        source: { type: "Peer", id: 1 },
        destination: { type: "Peer", id: 2 },
        request: { type: "Request", id: 4 },
        contextExtensions: texts(10),
        metadataContext: { type: "Empty", id: 11 },
        tlsSession: { type: "TlsSession", id: 12 },
        routeMetadataContext: { type: "Empty", id: 13 },
      },
    },
    Empty: { fields: {} },
    Peer: {
      fields: {
        address: { type: "Address", id: 1 },
        service: { type: "string", id: 2 },
        principal: { type: "string", id: 4 },
        certificate: { type: "string", id: 5 },
      },
    },
    Address: { fields: { socketAddress: { type: "SocketAddress", id: 1 } } },
    SocketAddress: { fields: { address: { type: "string", id: 2 }, portValue: { type: "uint32", id: 3 } } },
    Request: { fields: { time: { type: "Timestamp", id: 1 }, http: { type: "HttpRequest", id: 2 } } },
    Timestamp: { fields: { seconds: { type: "int64", id: 1 }, nanos: { type: "int32", id: 2 } } },
    HttpRequest: {
      fields: {
        id: { type: "string", id: 1 },
        method: { type: "string", id: 2 },
        headers: texts(3),
        path: { type: "string", id: 4 },
        host: { type: "string", id: 5 },
        scheme: { type: "string", id: 6 },
        query: { type: "string", id: 7 },
        fragment: { type: "string", id: 8 },
        size: { type: "int64", id: 9 },
        protocol: { type: "string", id: 10 },
        body: { type: "string", id: 11 },
        rawBody: { type: "bytes", id: 12 },
      },
    },
    TlsSession: { fields: { sni: { type: "string", id: 1 } } },
    CheckResponse: {
      fields: {
        status: { type: "Status", id: 1 },
        deniedResponse: { type: "Reply", id: 2 },
        okResponse: { type: "Ok", id: 3 },
        errorResponse: { type: "Reply", id: 5 },
        dynamicMetadata: { type: "Struct", id: 4 },
      },
    },
    Struct: { fields: { fields: mapOf("Value", 1) } },
    Value: {
      fields: {
        nullValue: { type: "int32", id: 1 },
        numberValue: { type: "double", id: 2 },
        stringValue: { type: "string", id: 3 },
        boolValue: { type: "bool", id: 4 },
        structValue: { type: "Struct", id: 5 },
        listValue: { type: "ListValue", id: 6 },
      },
      oneofs: {
        kind: { oneof: ["nullValue", "numberValue", "stringValue", "boolValue", "structValue", "listValue"] },
      },
    },
    ListValue: { fields: { values: repeated("Value", 1) } },
    Status: { fields: { code: { type: "int32", id: 1 } } },
    HttpStatus: { fields: { code: { type: "int32", id: 1 } } },
    Reply: {
      fields: {
        status: { type: "HttpStatus", id: 1 },
        headers: repeated("HeaderValueOption", 2),
        body: { type: "string", id: 3 },
      },
    },
    Ok: {
      fields: {
        headers: repeated("HeaderValueOption", 2),
        dynamicMetadata: { type: "Struct", id: 3 },
        headersToRemove: repeated("string", 5),
        responseHeadersToAdd: repeated("HeaderValueOption", 6),
        queryParametersToSet: repeated("Pair", 7),
        queryParametersToRemove: repeated("string", 8),
      },
    },
    Pair: { fields: { key: { type: "string", id: 1 }, value: { type: "string", id: 2 } } },
    Flag: { fields: { value: { type: "bool", id: 1 } } },
    HeaderValueOption: {
      fields: {
        header: { type: "Pair", id: 1 },
        append: { type: "Flag", id: 2 },
        appendAction: { type: "int32", id: 3 },
      },
    },
  },
});

/** A check as a gRPC server sees it. */
export interface CheckSeen {
  readonly attributes: {
    readonly source?: PeerSeen;
    readonly destination?: PeerSeen;
    readonly tlsSession?: { readonly sni?: string };
    readonly request?: {
      readonly time?: { readonly seconds?: number; readonly nanos?: number };
      readonly http?: {
        readonly id?: string;
        readonly method?: string;
        readonly headers?: Readonly<Record<string, string>>;
        readonly path?: string;
        readonly host?: string;
        readonly scheme?: string;
        readonly size?: number;
        readonly protocol?: string;
        readonly body?: string;
        readonly rawBody?: Buffer;
      };
    };
  };
}

interface PeerSeen {
  readonly address?: { readonly socketAddress?: { readonly address?: string; readonly portValue?: number } };
  readonly principal?: string;
  readonly certificate?: string;
}

/** JSON as a `google.protobuf.Struct`. */
export function structOf(fields: Readonly<Record<string, unknown>>): object {
  return { fields: Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, valueOf(value)])) };
}

function valueOf(value: unknown): object {
  if (typeof value === "string") return { stringValue: value };
  if (typeof value === "number") return { numberValue: value };
  if (typeof value === "boolean") return { boolValue: value };
  if (Array.isArray(value)) return { listValue: { values: value.map(valueOf) } };
  return typeof value === "object" && value !== null
    ? { structValue: structOf(value as Readonly<Record<string, unknown>>) }
    : { nullValue: 0 };
}

const prefix = 5;

/** The check in a framed gRPC message. */
export function readCheck(framed: Uint8Array): CheckSeen {
  const type = root.lookupType("CheckRequest");
  return type.toObject(type.decode(framed.subarray(prefix)), { longs: Number }) as CheckSeen;
}

/** A CheckResponse, framed. Field names as in Envoy's API, in camel case. */
export function writeCheckResponse(response: Readonly<Record<string, unknown>>): Buffer {
  const type = root.lookupType("CheckResponse");
  const message = type.encode(type.fromObject(response)).finish();
  const frame = Buffer.alloc(prefix);
  frame.writeUInt32BE(message.length, 1);
  return Buffer.concat([frame, message]);
}

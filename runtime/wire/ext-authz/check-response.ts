import { Reader } from "protobufjs/minimal.js";

/** `envoy.service.auth.v3.CheckResponse`, as far as Envoy obeys it. */
export interface CheckResponseFields {
  /** gRPC status of the verdict: 0 allows. */
  readonly code: number;
  /** What is said besides: the last one that was written counts. */
  readonly said:
    | { readonly kind: "denied" | "error"; readonly reply: SaidReply }
    | { readonly kind: "ok"; readonly ok: SaidOk }
    | undefined;
}

export interface SaidReply {
  /** 0: none is named. */
  readonly status: number;
  readonly headers: readonly HeaderOption[];
  readonly body: string;
}

export interface SaidOk {
  readonly headers: readonly HeaderOption[];
  readonly headersToRemove: readonly string[];
  readonly responseHeaders: readonly HeaderOption[];
  readonly queryToSet: readonly (readonly [name: string, value: string])[];
  readonly queryToRemove: readonly string[];
}

export interface HeaderOption {
  readonly name: string;
  readonly value: string;
  /** The old flag; undefined: not given. */
  readonly append: boolean | undefined;
  /** 0 append or add, 1 add if absent, 2 overwrite or add, 3 overwrite if there. */
  readonly action: number;
}

/** Reads the message; throws when the bytes are none. Field numbers are those of Envoy's API. */
export function decodeCheckResponse(bytes: Uint8Array): CheckResponseFields {
  let code = 0;
  let said: CheckResponseFields["said"];
  readFields(Reader.create(bytes), {
    1: (reader) => {
      code = readStatus(reader);
    },
    2: (reader) => {
      said = { kind: "denied", reply: readReply(reader) };
    },
    3: (reader) => {
      said = { kind: "ok", ok: readOk(reader) };
    },
    5: (reader) => {
      said = { kind: "error", reply: readReply(reader) };
    },
  });
  return { code, said };
}

type FieldReaders = Readonly<Record<number, (reader: Reader) => void>>;

/** Reads until the end, fields that nobody asked for are passed over. Repeated messages of one field are not merged: no server writes any. */
function readFields(reader: Reader, fields: FieldReaders, end = reader.len): void {
  while (reader.pos < end) {
    const tag = reader.uint32();
    const read = fields[tag >>> 3];
    if (read === undefined) reader.skipType(tag & 7);
    else read(reader);
  }
  if (reader.pos !== end) throw new RangeError("a field is longer than its message");
}

/** A message inside another. */
function inside(reader: Reader, fields: FieldReaders): void {
  const length = reader.uint32();
  const end = reader.pos + length;
  if (end > reader.len) throw new RangeError("a message is longer than what holds it");
  readFields(reader, fields, end);
}

function readStatus(outer: Reader): number {
  let code = 0;
  inside(outer, {
    1: (reader) => {
      code = reader.int32();
    },
  });
  return code;
}

function readReply(outer: Reader): SaidReply {
  let status = 0;
  let body = "";
  const headers: HeaderOption[] = [];
  inside(outer, {
    1: (reader) => {
      status = readStatus(reader);
    },
    2: (reader) => headers.push(readHeaderOption(reader)),
    3: (reader) => {
      body = reader.string();
    },
  });
  return { status, headers, body };
}

function readOk(outer: Reader): SaidOk {
  const headers: HeaderOption[] = [];
  const headersToRemove: string[] = [];
  const responseHeaders: HeaderOption[] = [];
  const queryToSet: (readonly [string, string])[] = [];
  const queryToRemove: string[] = [];
  inside(outer, {
    2: (reader) => headers.push(readHeaderOption(reader)),
    5: (reader) => headersToRemove.push(reader.string()),
    6: (reader) => responseHeaders.push(readHeaderOption(reader)),
    7: (reader) => {
      const { name, value } = readPair(reader);
      queryToSet.push([name, value]);
    },
    8: (reader) => queryToRemove.push(reader.string()),
  });
  return { headers, headersToRemove, responseHeaders, queryToSet, queryToRemove };
}

function readHeaderOption(outer: Reader): HeaderOption {
  let pair = { name: "", value: "" };
  let append: boolean | undefined;
  let action = 0;
  inside(outer, {
    1: (reader) => {
      pair = readPair(reader);
    },
    2: (reader) => {
      append = readFlag(reader);
    },
    3: (reader) => {
      action = reader.int32();
    },
  });
  return { ...pair, append, action };
}

function readPair(outer: Reader): { name: string; value: string } {
  const pair = { name: "", value: "" };
  inside(outer, {
    1: (reader) => {
      pair.name = reader.string();
    },
    2: (reader) => {
      pair.value = reader.string();
    },
  });
  return pair;
}

function readFlag(outer: Reader): boolean {
  let flag = false;
  inside(outer, {
    1: (reader) => {
      flag = reader.bool();
    },
  });
  return flag;
}

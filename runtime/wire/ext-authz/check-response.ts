import { Reader } from "protobufjs/minimal.js";
import { inside, readFields } from "./message.ts";
import { readStruct, type StructFields } from "./struct.ts";

/** `envoy.service.auth.v3.CheckResponse`, as far as Envoy obeys it. */
export interface CheckResponseFields {
  /** gRPC status of the verdict: 0 allows. */
  readonly code: number;
  /** What is said besides: the last one that was written counts. */
  readonly said:
    | { readonly kind: "denied" | "error"; readonly reply: SaidReply }
    | { readonly kind: "ok"; readonly ok: SaidOk }
    | undefined;
  /** What is said of the request to filters further on; undefined: nothing. */
  readonly notes: StructFields | undefined;
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
  /** Where it was written before the message had a place of its own for it. */
  readonly notes: StructFields | undefined;
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
  let notes: StructFields | undefined;
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
    4: (reader) => {
      notes = readStruct(reader);
    },
    5: (reader) => {
      said = { kind: "error", reply: readReply(reader) };
    },
  });
  return { code, said, notes };
}

export function readStatus(outer: Reader): number {
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
  let notes: StructFields | undefined;
  inside(outer, {
    2: (reader) => headers.push(readHeaderOption(reader)),
    3: (reader) => {
      notes = readStruct(reader);
    },
    5: (reader) => headersToRemove.push(reader.string()),
    6: (reader) => responseHeaders.push(readHeaderOption(reader)),
    7: (reader) => {
      const { name, value } = readPair(reader);
      queryToSet.push([name, value]);
    },
    8: (reader) => queryToRemove.push(reader.string()),
  });
  return { headers, headersToRemove, responseHeaders, queryToSet, queryToRemove, notes };
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

import type { Reader } from "protobufjs/minimal.js";
import { inside } from "./message.ts";

/** The fields of a `google.protobuf.Struct`: texts, lists by the texts in them, and null for everything else. */
export type StructFields = ReadonlyMap<string, StructValue>;

type StructValue = string | readonly string[] | null;

/** Of two fields with one name the last counts. Structures inside are passed over: nobody looks into them. */
export function readStruct(outer: Reader): StructFields {
  const fields = new Map<string, StructValue>();
  inside(outer, {
    1: (reader) => {
      let name = "";
      let value: StructValue = null;
      inside(reader, {
        1: (entry) => {
          name = entry.string();
        },
        2: (entry) => {
          value = readValue(entry);
        },
      });
      fields.set(name, value);
    },
  });
  return fields;
}

function readValue(outer: Reader): StructValue {
  let value: StructValue = null;
  const other = (reader: Reader, wireType: number): void => {
    reader.skipType(wireType);
    value = null;
  };
  inside(outer, {
    1: (reader) => other(reader, 0),
    2: (reader) => other(reader, 1),
    3: (reader) => {
      value = reader.string();
    },
    4: (reader) => other(reader, 0),
    5: (reader) => other(reader, 2),
    6: (reader) => {
      value = readTexts(reader);
    },
  });
  return value;
}

function readTexts(outer: Reader): readonly string[] {
  const texts: string[] = [];
  inside(outer, {
    1: (reader) => {
      const value = readValue(reader);
      if (typeof value === "string") texts.push(value);
    },
  });
  return texts;
}

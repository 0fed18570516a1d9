import type { Reader } from "protobufjs/minimal.js";

/** What to do with each field of a message, by its number. */
export type FieldReaders = Readonly<Record<number, (reader: Reader) => void>>;

/** Reads until the end, fields that nobody asked for are passed over. Repeated messages of one field are not merged: no server writes any. */
export function readFields(reader: Reader, fields: FieldReaders, end = reader.len): void {
  while (reader.pos < end) {
    const tag = reader.uint32();
    const read = fields[tag >>> 3];
    if (read === undefined) reader.skipType(tag & 7);
    else read(reader);
  }
  if (reader.pos !== end) throw new RangeError("a field is longer than its message");
}

/** A message inside another. */
export function inside(reader: Reader, fields: FieldReaders): void {
  const length = reader.uint32();
  const end = reader.pos + length;
  if (end > reader.len) throw new RangeError("a message is longer than what holds it");
  readFields(reader, fields, end);
}

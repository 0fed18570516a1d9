/** The little of DER (X.690) that certificates need. Reading is bounded and answers undefined instead of throwing. */

export interface DerValue {
  readonly tag: number;
  /** The content octets. */
  readonly body: Buffer;
  /** The whole value with tag and length. */
  readonly whole: Buffer;
}

export const tags = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  oid: 0x06,
  sequence: 0x30,
  set: 0x31,
} as const;

/** The first value of `bytes` and what follows it. */
export function readDer(bytes: Buffer): { readonly value: DerValue; readonly rest: Buffer } | undefined {
  const tag = bytes[0];
  const first = bytes[1];
  if (tag === undefined || first === undefined || (tag & 0x1f) === 0x1f) return undefined;
  let length = first;
  let start = 2;
  if (first >= 0x80) {
    const count = first & 0x7f;
    if (count === 0 || count > 4 || bytes.length < 2 + count) return undefined;
    length = bytes.readUIntBE(2, count);
    start = 2 + count;
    // One length has one form.
    if (length < 0x80 || (count > 1 && bytes[2] === 0)) return undefined;
  }
  if (bytes.length - start < length) return undefined;
  const end = start + length;
  return {
    value: { tag, body: bytes.subarray(start, end), whole: bytes.subarray(0, end) },
    rest: bytes.subarray(end),
  };
}

/** All values in the content of a constructed value, or undefined when it is not made of whole values. */
export function readAll(body: Buffer): readonly DerValue[] | undefined {
  const values: DerValue[] = [];
  let rest = body;
  while (rest.length > 0) {
    const read = readDer(rest);
    if (read === undefined) return undefined;
    values.push(read.value);
    rest = read.rest;
  }
  return values;
}

export function der(tag: number, ...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  if (body.length < 0x80) return Buffer.concat([Buffer.from([tag, body.length]), body]);
  const hex = body.length.toString(16);
  const length = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, "hex");
  return Buffer.concat([Buffer.from([tag, 0x80 | length.length]), length, body]);
}

export function toPem(label: string, bytes: Buffer): string {
  const lines = bytes.toString("base64").match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join("\n")}\n-----END ${label}-----\n`;
}

/** Every PEM block with this label, in order. */
export function pemBlocks(text: string, label: string): readonly string[] {
  const begin = `-----BEGIN ${label}-----`;
  const end = `-----END ${label}-----`;
  const blocks: string[] = [];
  let at = 0;
  for (;;) {
    const start = text.indexOf(begin, at);
    if (start === -1) return blocks;
    const stop = text.indexOf(end, start);
    if (stop === -1) return blocks;
    at = stop + end.length;
    blocks.push(`${text.slice(start, at)}\n`);
  }
}

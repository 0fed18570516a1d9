import { parseClientHello } from "../../../runtime/wire/client-hello.ts";
import type { Random } from "../random.ts";
import { must, same, type Target } from "../target.ts";

/** The first bytes of TLS connections: sound ones, spread over records, and broken in every field. */
export const clientHello: Target = {
  name: "client-hello",
  weight: 8,
  run: (random) => {
    const input = make(random);
    const whole = parseClientHello(input);
    const length = random.below(input.length + 1);
    const part = parseClientHello(input.subarray(0, length));
    if (part.kind !== "incomplete") same(part, whole, `another verdict after ${length} bytes`, input);
    must(length >= 5 || part.kind === "incomplete", "a verdict before five bytes", input);
    if (whole.kind === "hello") {
      must(whole.sni === undefined || whole.sni === whole.sni.toLowerCase(), "a name in capitals", input);
      must(
        whole.alpn.every((name) => name !== ""),
        "an empty protocol",
        input,
      );
    }
    return whole.kind;
  },
};

function vector(width: 1 | 2, body: Buffer): Buffer {
  const length = Buffer.alloc(width);
  length.writeUIntBE(body.length % (width === 1 ? 256 : 65_536), 0, width);
  return Buffer.concat([length, body]);
}

function extension(type: number, body: Buffer): Buffer {
  return Buffer.concat([Buffer.from([type >>> 8, type & 0xff]), vector(2, body)]);
}

function extensions(random: Random): Buffer {
  const all: Buffer[] = [];
  const name = Buffer.from(
    random.pick(["backend.default", "BACKEND", "", "a\0b", "x".repeat(256), "outbound_.80_._.b"]),
  );
  if (!random.oneIn(4))
    all.push(extension(0, vector(2, Buffer.concat([Buffer.from([random.oneIn(9) ? 1 : 0]), vector(2, name)]))));
  const offered = ["h2", "http/1.1", "istio", random.oneIn(6) ? "" : "istio-peer-exchange"].slice(random.below(4));
  if (!random.oneIn(4))
    all.push(extension(16, vector(2, Buffer.concat(offered.map((each) => vector(1, Buffer.from(each)))))));
  if (!random.oneIn(4)) all.push(extension(43, vector(1, Buffer.from(random.oneIn(8) ? [3] : [3, 4, 3, 3]))));
  if (random.oneIn(3)) all.push(extension(random.below(70), Buffer.alloc(random.below(40), 7)));
  if (random.oneIn(9)) all.push(extension(0, Buffer.alloc(0)));
  return Buffer.concat(all);
}

function make(random: Random): Buffer {
  const body = Buffer.concat([
    Buffer.from([3, random.oneIn(9) ? random.below(256) : 3]),
    Buffer.alloc(32, random.below(256)),
    vector(1, Buffer.alloc(random.oneIn(9) ? random.below(60) : 32, 1)),
    vector(2, Buffer.alloc(random.oneIn(9) ? random.below(9) : 8, 2)),
    vector(1, Buffer.alloc(random.oneIn(9) ? random.below(3) : 1)),
    random.oneIn(6) ? Buffer.alloc(0) : vector(2, extensions(random)),
    random.oneIn(9) ? Buffer.alloc(random.below(5), 9) : Buffer.alloc(0),
  ]);
  const message = Buffer.concat([Buffer.from([random.oneIn(12) ? random.below(4) : 1, 0]), vector(2, body)]);
  const records: Buffer[] = [];
  for (let at = 0; at < message.length;) {
    const size = random.oneIn(3) ? 1 + random.below(message.length) : message.length;
    records.push(
      Buffer.concat([
        Buffer.from([random.oneIn(12) ? 0x17 : 0x16, 3, random.below(4)]),
        vector(2, message.subarray(at, at + size)),
      ]),
    );
    at += size;
  }
  const bytes = Buffer.concat(records);
  for (let left = random.below(3); left > 0; left -= 1) bytes[random.below(bytes.length)] = random.below(256);
  return random.oneIn(4) ? bytes.subarray(0, random.below(bytes.length + 1)) : bytes;
}

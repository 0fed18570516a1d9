import { encodeProxyV2, encodeProxyV2Local, parseProxyV2 } from "../../../runtime/wire/proxy-v2.ts";
import type { Random } from "../random.ts";
import { must, same, show, type Target } from "../target.ts";

/** PROXY v2 headers: what we write, and what someone else might. */
export const proxyV2: Target = {
  name: "proxy-v2",
  weight: 6,
  run: (random) => {
    const sound = make(random);
    const bytes = Buffer.concat([sound, Buffer.from("GET / HTTP/1.1\r\n")]);
    for (let left = random.below(4); left > 0; left -= 1) bytes[random.below(sound.length)] = random.below(256);
    const whole = parseProxyV2(bytes);
    const length = random.below(bytes.length + 1);
    const part = parseProxyV2(bytes.subarray(0, length));
    if (part.kind !== "incomplete") same(part, whole, `another verdict after ${length} bytes`, bytes);
    if (whole.kind !== "header") return whole.kind;
    must(whole.next >= 16 && whole.next <= bytes.length, "a header ends outside of its input", bytes);
    const { source, destination, authority } = whole;
    if (source === undefined || destination === undefined) return "local";
    if (whole.family === "unix") return "unix";
    const again = encodeProxyV2({ source, destination, ...(authority === undefined ? {} : { authority }) });
    if (again === undefined) throw new Error(`cannot be written again: ${show(bytes)}`);
    const { next: _, ...meaning } = whole;
    const { next: __, ...second } = { next: 0, ...parseProxyV2(again) };
    same(second, meaning, "own output is read differently", bytes);
    return whole.family;
  },
};

function make(random: Random): Buffer {
  if (random.oneIn(8)) return encodeProxyV2Local();
  const v6 = random.oneIn(2);
  const address = (): string =>
    v6
      ? random.pick(["::1", "fd00::1", "::", "1:2:3:4:5:6:7:8", "::ffff:1.2.3.4", "1:0:0:2::"])
      : Array.from({ length: 4 }, () => random.below(256)).join(".");
  const made = encodeProxyV2({
    source: { address: address(), port: random.below(65_536) },
    destination: { address: address(), port: random.below(65_536) },
    ...(random.oneIn(2) ? { authority: random.pick(["backend", "backend.default.svc.cluster.local:80", "x"]) } : {}),
  });
  if (made === undefined) throw new Error("a sound header is not written");
  if (!random.oneIn(4)) return made;
  const extra = Buffer.from([random.below(8), 0, random.below(6), ...Buffer.alloc(random.below(6), 0x61)]);
  const bytes = Buffer.concat([made, extra]);
  bytes.writeUInt16BE(bytes.length - 16, 14);
  return bytes;
}

import { isIPv4, isIPv6 } from "node:net";

/** Every bit of an address as one number; undefined when the text is none. */
function bitsOf(text: string): { readonly value: bigint; readonly length: number } | undefined {
  if (isIPv4(text)) return { value: text.split(".").reduce((sum, part) => sum * 256n + BigInt(part), 0n), length: 32 };
  if (!isIPv6(text) || text.includes("%")) return undefined;
  const [head = "", tail] = withoutDots(text).split("::");
  const before = head.split(":").filter((group) => group !== "");
  const after = (tail ?? "").split(":").filter((group) => group !== "");
  const zeros = tail === undefined ? 0 : 8 - before.length - after.length;
  const groups = [...before, ...Array.from({ length: zeros }, () => "0"), ...after];
  return { value: groups.reduce((sum, group) => sum * 65_536n + BigInt(`0x${group}`), 0n), length: 128 };
}

/** `::ffff:1.2.3.4` as groups of hexadecimal digits. */
function withoutDots(text: string): string {
  const dotted = /[^:]*\.[^:]*$/.exec(text)?.[0];
  if (dotted === undefined) return text;
  const [a = 0, b = 0, c = 0, d = 0] = dotted.split(".").map(Number);
  return `${text.slice(0, -dotted.length)}${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`;
}

/** Whether an address lies in a block, `1.2.3.0/24` or a single address (spec AP-25). */
export function isInBlock(address: string, block: string): boolean {
  const [start = "", size] = block.split("/");
  const wanted = bitsOf(start);
  const actual = bitsOf(address);
  if (wanted === undefined || actual === undefined || wanted.length !== actual.length) return false;
  const rest = BigInt(wanted.length - (size === undefined ? wanted.length : Number(size)));
  return wanted.value >> rest === actual.value >> rest;
}

/** spec AP-26, errata 7: the last element of X-Forwarded-For when it is a bare address, else the peer's own. */
export function clientAddress(direct: string, forwardedFor: readonly string[]): string {
  const last = forwardedFor.join(",").split(",").at(-1)?.trim();
  return last !== undefined && bitsOf(last) !== undefined ? last : direct;
}

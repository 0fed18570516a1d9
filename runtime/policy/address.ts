import ipaddr from "ipaddr.js";

/** A range of addresses as its first 32-bit words under a mask: one word for IPv4, four for IPv6. */
export interface AddressRange {
  readonly words: readonly number[];
  readonly masks: readonly number[];
}

/** A single address or a CIDR as Istio's `ipBlocks` take it; undefined when it is neither. */
export function parseRange(value: string): AddressRange | undefined {
  const slash = value.indexOf("/");
  const address = slash < 0 ? value : value.slice(0, slash);
  const words = parseAddress(address);
  if (words === undefined) return undefined;
  const bits = words.length * 32;
  const lengthText = slash < 0 ? String(bits) : value.slice(slash + 1);
  if (!/^(?:0|[1-9][0-9]{0,2})$/.test(lengthText)) return undefined;
  const length = Number(lengthText);
  if (length > bits) return undefined;
  const masks = words.map((_, index) => maskOf(length - index * 32));
  return { words: words.map((word, index) => (word & (masks[index] ?? 0)) | 0), masks };
}

/** The 32-bit words of a bare IP address (no zone, no port); undefined when it is none. */
export function parseAddress(text: string): readonly number[] | undefined {
  if (text.includes(":")) return parseVersion6(text);
  return parseVersion4(text);
}

export function inRange(range: AddressRange, words: readonly number[]): boolean {
  if (words.length !== range.words.length) return false;
  for (let index = 0; index < words.length; index += 1) {
    if (((words[index] ?? 0) & (range.masks[index] ?? 0)) !== range.words[index]) return false;
  }
  return true;
}

function maskOf(length: number): number {
  if (length >= 32) return -1;
  return length <= 0 ? 0 : -1 << (32 - length);
}

/** Four decimal numbers: the shape is checked by hand, because every request with an address clause passes here. */
function parseVersion4(text: string): readonly number[] | undefined {
  let word = 0;
  let part = -1;
  let dots = 0;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code === 0x2e) {
      if (part < 0 || dots === 3) return undefined;
      word = (word << 8) | part;
      part = -1;
      dots += 1;
    } else if (code >= 0x30 && code <= 0x39) {
      if (part === 0) return undefined;
      part = (part < 0 ? 0 : part) * 10 + code - 0x30;
      if (part > 255) return undefined;
    } else {
      return undefined;
    }
  }
  return dots === 3 && part >= 0 ? [(word << 8) | part] : undefined;
}

function parseVersion6(text: string): readonly number[] | undefined {
  if (text.includes("%") || !ipaddr.IPv6.isValid(text)) return undefined;
  const address = ipaddr.IPv6.parse(text);
  const parts = address.parts;
  const words: number[] = [];
  for (let index = 0; index < 8; index += 2) words.push(((parts[index] ?? 0) << 16) | (parts[index + 1] ?? 0));
  return words;
}

/** The 4 or 16 bytes of an address in text form; undefined when it is none. */
export function parseAddress(text: string): Buffer | undefined {
  if (text.length > 45) return undefined;
  if (!text.includes(":")) {
    const bytes = octetsOf(text);
    return bytes === undefined ? undefined : Buffer.from(bytes);
  }
  const halves = text.split("::");
  const [head = "", tail] = halves;
  const left = groupsOf(head, tail === undefined);
  const right = tail === undefined ? [] : groupsOf(tail, true);
  if (halves.length > 2 || left === undefined || right === undefined) return undefined;
  const missing = 8 - left.length - right.length;
  if (tail === undefined ? missing !== 0 : missing < 1) return undefined;
  const bytes = Buffer.alloc(16);
  const zeros = Array.from({ length: missing }, () => 0);
  for (const [at, group] of [...left, ...zeros, ...right].entries()) bytes.writeUInt16BE(group, 2 * at);
  return bytes;
}

/** Groups of an IPv6 text without `::`; only its last part may be an IPv4 address. */
function groupsOf(text: string, last: boolean): readonly number[] | undefined {
  if (text === "") return [];
  const groups: number[] = [];
  const parts = text.split(":");
  for (const [at, part] of parts.entries()) {
    if (part.includes(".")) {
      const octets = last && at === parts.length - 1 ? octetsOf(part) : undefined;
      if (octets === undefined) return undefined;
      const [a = 0, b = 0, c = 0, d = 0] = octets;
      groups.push((a << 8) | b, (c << 8) | d);
    } else if (/^[0-9a-fA-F]{1,4}$/.test(part)) groups.push(Number.parseInt(part, 16));
    else return undefined;
  }
  return groups;
}

/** Dotted decimal, four numbers without needless zeros. */
function octetsOf(text: string): readonly number[] | undefined {
  const parts = text.split(".");
  const sound = parts.length === 4 && parts.every((part) => /^(?:0|[1-9]\d{0,2})$/.test(part) && Number(part) < 256);
  return sound ? parts.map(Number) : undefined;
}

/** The text of an address: dotted, or RFC 5952 with the longest run of zeros folded. */
export function formatAddress(bytes: Buffer): string {
  if (bytes.length === 4) return bytes.join(".");
  const groups = Array.from({ length: 8 }, (_, at) => bytes.readUInt16BE(2 * at));
  let [best, length] = [-1, 1];
  for (let from = 0; from < 8; from += 1) {
    let to = from;
    while (to < 8 && groups[to] === 0) to += 1;
    if (to - from > length) [best, length] = [from, to - from];
  }
  return best === -1 ? hex(groups) : `${hex(groups.slice(0, best))}::${hex(groups.slice(best + length))}`;
}

function hex(groups: readonly number[]): string {
  return groups.map((group) => group.toString(16)).join(":");
}

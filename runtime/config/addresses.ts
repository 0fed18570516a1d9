/** 32-bit FNV-1a. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    value ^= text.charCodeAt(index);
    value = Math.imul(value, 0x01000193);
  }
  return value >>> 0;
}

/**
 * One address of `prefix`.a.b per key. The key's hash chooses it, so adding a key moves no other; addresses of `previous` are kept,
 * so that even a collision moves nobody within a running mesh. `b` is 2…254: .0, .1 and .255 have a meaning on real networks.
 */
export function assignAddresses(
  keys: readonly string[],
  prefix: string,
  previous: ReadonlyMap<string, string>,
): ReadonlyMap<string, string> {
  const assigned = new Map<string, string>();
  const taken = new Set<string>();
  for (const key of keys) {
    const kept = previous.get(key);
    if (kept === undefined || taken.has(kept)) continue;
    assigned.set(key, kept);
    taken.add(kept);
  }
  const size = 256 * 253;
  for (const key of keys) {
    if (assigned.has(key)) continue;
    for (let slot = hash(key) % size, tries = 0; tries < size; tries++, slot = (slot + 1) % size) {
      const address = `${prefix}.${Math.floor(slot / 253)}.${(slot % 253) + 2}`;
      if (taken.has(address)) continue;
      assigned.set(key, address);
      taken.add(address);
      break;
    }
  }
  return assigned;
}

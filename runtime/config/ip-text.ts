/** Whether a text is an IPv4 or IPv6 address as Go's netip.ParseAddr reads it. */
export function isIpAddress(text: string): boolean {
  return isIpv4(text) || isIpv6(text.replace(/%[^%]+$/, ""));
}

/** Whether a text is `address/bits` without zone, as Go's netip.ParsePrefix reads it. */
export function isCidr(text: string): boolean {
  const slash = text.lastIndexOf("/");
  const address = text.slice(0, slash);
  const bits = text.slice(slash + 1);
  if (slash === -1 || !/^(?:0|[1-9]\d{0,2})$/.test(bits)) return false;
  return isIpv4(address) ? Number(bits) <= 32 : isIpv6(address) && Number(bits) <= 128;
}

function isIpv4(text: string): boolean {
  const parts = text.split(".");
  return parts.length === 4 && parts.every((part) => /^(?:0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255);
}

function isIpv6(text: string): boolean {
  const halves = text.split("::");
  if (halves.length > 2) return false;
  const groups = halves.map((half) => (half === "" ? [] : half.split(":")));
  const all = groups.flat();
  const last = all.at(-1);
  const embedded = last !== undefined && last.includes(".");
  if (embedded && !isIpv4(last)) return false;
  const hex = embedded ? all.slice(0, -1) : all;
  if (!hex.every((group) => /^[0-9a-fA-F]{1,4}$/.test(group))) return false;
  const count = hex.length + (embedded ? 2 : 0);
  return halves.length === 2 ? count <= 7 : count === 8;
}

/** Why Go's netip.ParsePrefix does not read a text, in its words. */
export function cidrFault(text: string): string | undefined {
  if (isCidr(text)) return undefined;
  const slash = text.lastIndexOf("/");
  const address = text.slice(0, slash);
  const bits = text.slice(slash + 1);
  const start = `netip.ParsePrefix(${JSON.stringify(text)}):`;
  if (!isIpAddress(address)) return `${start} ${addressFault(address)}`;
  if (address.includes("%")) return `${start} IPv6 zones cannot be present in a prefix`;
  return /^(?:0|[1-9]\d*)$/.test(bits)
    ? `${start} prefix length out of range`
    : `${start} bad bits after slash: ${JSON.stringify(bits)}`;
}

function addressFault(address: string): string {
  const start = `ParseAddr(${JSON.stringify(address)}):`;
  const first = /[.:%]/.exec(address)?.[0];
  if (first === undefined) return `${start} unable to parse IP`;
  if (first === "%") return `${start} missing IPv6 address`;
  if (first === ":") return `${start} each colon-separated field must have at least one digit`;
  const parts = address.split(".");
  if (parts.some((part) => /^\d+$/.test(part) && Number(part) > 255)) return `${start} IPv4 field has value >255`;
  if (parts.some((part) => /^0\d/.test(part))) return `${start} IPv4 field has octet with leading zero`;
  return parts.length < 4
    ? `${start} IPv4 address too short`
    : parts.length > 4
      ? `${start} IPv4 address too long`
      : `${start} unexpected character`;
}

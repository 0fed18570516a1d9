const unitNanoseconds: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  μs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3600e9,
};

/** Milliseconds of a Go duration (`1m30s`, `250ms`, `0`), or undefined when it is none. */
export function parseDuration(text: string): number | undefined {
  const nanoseconds = parseNanoseconds(text);
  return nanoseconds === undefined ? undefined : nanoseconds / 1e6;
}

/** Whether a duration has parts below a millisecond, which Istio refuses. */
export function isWholeMilliseconds(text: string): boolean {
  const nanoseconds = parseNanoseconds(text);
  return nanoseconds !== undefined && nanoseconds % 1e6 === 0;
}

/** Why Go's time.ParseDuration does not read a text, in its words; undefined when it does. */
export function durationFault(text: string): string | undefined {
  if (parseNanoseconds(text) !== undefined) return undefined;
  const quoted = quoteBytes(text);
  const bare = text.replace(/^[+-]/, "");
  const read = /^(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))*/.exec(bare)?.[0] ?? "";
  const rest = bare.slice(read.length);
  const amount = /^(?:\d+\.?\d*|\.\d+)/.exec(rest)?.[0];
  if (bare === "" || amount === undefined) return `time: invalid duration ${quoted}`;
  const unit = /^[^.\d]*/.exec(rest.slice(amount.length))?.[0] ?? "";
  return unit === ""
    ? `time: missing unit in duration ${quoted}`
    : `time: unknown unit ${quoteBytes(unit)} in duration ${quoted}`;
}

function parseNanoseconds(text: string): number | undefined {
  const sign = text.startsWith("-") ? -1 : 1;
  const rest = text.replace(/^[+-]/, "");
  if (rest === "0") return 0;
  if (!/^(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+$/.test(rest)) return undefined;
  let total = 0;
  for (const [, amount, unit] of rest.matchAll(/(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)/g)) {
    total += Number(amount) * (unitNanoseconds[unit ?? ""] ?? 0);
  }
  return sign * Math.round(total);
}

/** Whether a positive duration has no part below a second; of a negative one Istio does not look at that part. */
export function isWholeSeconds(text: string): boolean {
  const nanoseconds = parseNanoseconds(text);
  return nanoseconds !== undefined && (nanoseconds <= 0 || nanoseconds % 1e9 === 0);
}

/** As Go's time package quotes: bytes that are not printable ASCII by number. */
function quoteBytes(text: string): string {
  const bytes = Array.from(new TextEncoder().encode(text), (byte) =>
    byte === 0x22 || byte === 0x5c
      ? `\\${String.fromCharCode(byte)}`
      : byte < 0x20 || byte >= 0x80
        ? `\\x${byte.toString(16).padStart(2, "0")}`
        : String.fromCharCode(byte),
  );
  return `"${bytes.join("")}"`;
}

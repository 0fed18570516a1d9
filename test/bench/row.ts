import type { Shape } from "./shape.ts";

/** One line of the comparison: medians over the rounds. Null where a figure means nothing for the shape. */
export interface Row {
  readonly chain: string;
  readonly protocol: Shape["protocol"];
  readonly connections: number;
  /** HTTP/2 streams, or requests, in flight on each connection. */
  readonly streams: number;
  readonly bodyBytes: number;
  /** CPU of both proxies together, user and system. */
  readonly cpuMicrosPerRequest: number | null;
  readonly requestsPerSecond: number | null;
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
  /** Resident and proportional set of both proxies after the last round. */
  readonly rssMiB: number;
  readonly pssMiB: number;
  /** Of the caller; each is a TLS handshake between the proxies with `tcp connect`, and none where proxies keep theirs. */
  readonly newConnectionsPerSecond: number | null;
  readonly cpuSecondsPerGB: number | null;
  readonly gigabitsPerSecond: number | null;
  readonly authorization: string;
  readonly tui: "attached" | "detached";
  readonly rounds: number;
  /** The CPU figure of every round, in order: rounds are interleaved, so the n-th of two chains belong together. */
  readonly cpuByRound: readonly number[];
}

export interface Skipped {
  readonly chain: string;
  readonly shape: string;
  readonly reason: string;
}

/** What one round gave. */
export interface Sample {
  readonly cpuSeconds: number;
  readonly seconds: number;
  readonly requests: number;
  readonly bytes: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly rss: number;
  readonly pss: number;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length >> 1;
  const upper = sorted[half] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[half - 1] ?? Number.NaN) + upper) / 2;
}

export function rowOf(
  shape: Shape,
  what: Pick<Row, "chain" | "authorization" | "tui">,
  samples: readonly Sample[],
): Row {
  const of = (figure: (sample: Sample) => number): number => round(median(samples.map(figure)));
  const pours = shape.protocol === "tcp";
  const connects = shape.protocol === "http/1.1 connect" || shape.protocol === "tcp connect";
  const cpu = (sample: Sample): number =>
    pours ? sample.cpuSeconds / (sample.bytes / 1e9) : (sample.cpuSeconds * 1e6) / sample.requests;
  const rate = of((sample) => sample.requests / sample.seconds);
  const last = samples.at(-1);
  return {
    chain: what.chain,
    protocol: shape.protocol,
    connections: shape.connections,
    streams: shape.streams,
    bodyBytes: shape.bodyBytes,
    cpuMicrosPerRequest: pours ? null : of(cpu),
    requestsPerSecond: pours ? null : rate,
    p50Ms: pours ? null : of((sample) => sample.p50Ms),
    p99Ms: pours ? null : of((sample) => sample.p99Ms),
    rssMiB: round(last?.rss ?? Number.NaN),
    pssMiB: round(last?.pss ?? Number.NaN),
    newConnectionsPerSecond: connects ? rate : null,
    cpuSecondsPerGB: pours ? of(cpu) : null,
    gigabitsPerSecond: pours ? of((sample) => (sample.bytes * 8) / 1e9 / sample.seconds) : null,
    authorization: what.authorization,
    tui: what.tui,
    rounds: samples.length,
    cpuByRound: samples.map((sample) => round(cpu(sample))),
  };
}

/** Three digits that count. */
export function round(value: number): number {
  return Number(value.toPrecision(Math.abs(value) >= 1000 ? 4 : 3));
}

import type { EventsDropped, MeshEvent } from "../model/event.ts";
import { latencyQuantile } from "../model/latency.ts";
import type { MeshState, ResourceUsage, TrafficCounts } from "../model/state.ts";
import { noTraffic } from "./initial-state.ts";

/** How a workload does lately. Undefined where nothing was measured. */
export interface Rates {
  /** Requests and connections on the way in per second, over the last ten seconds. */
  readonly perSecond: number | undefined;
  /** Share of HTTP requests of the last minute that were answered below 500, 0 to 1. */
  readonly success: number | undefined;
  /** 99th percentile of the last minute, milliseconds. */
  readonly p50: number | undefined;
  readonly p99: number | undefined;
  /** Processor time per second of the clock, 1 for a whole core. */
  readonly cpu: number | undefined;
}

/** Remembers the running totals of the last minute, to say what became of them. */
export interface RateKeeper {
  /** The first state: everything before it is older than the window. */
  readonly begin: (state: MeshState, now: number) => void;
  readonly hear: (event: MeshEvent | EventsDropped) => void;
  readonly of: (workload: string, now: number) => Rates;
}

const shortMs = 10_000;
const longMs = 60_000;

interface Sample<T> {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly value: T;
}

export function createRateKeeper(): RateKeeper {
  const traffic = new Map<string, Sample<TrafficCounts>[]>();
  const usage = new Map<string, Sample<ResourceUsage>[]>();

  return {
    begin: (state, now) => {
      traffic.clear();
      usage.clear();
      for (const workload of state.workloads) {
        traffic.set(workload.id, [{ at: now, value: workload.traffic }]);
        usage.set(workload.id, [{ at: now, value: workload.resources }]);
      }
    },
    hear: (event) => {
      if (event.type === "traffic.counted") {
        const at = Date.parse(event.at);
        for (const [workload, value] of Object.entries(event.counts)) push(traffic, workload, { at, value }, noTraffic);
      } else if (event.type === "usage.measured") {
        const at = Date.parse(event.at);
        for (const [workload, value] of Object.entries(event.usage)) push(usage, workload, { at, value }, undefined);
      }
    },
    of: (workload, now) => {
      const samples = traffic.get(workload) ?? [];
      const short = since(samples, now - shortMs);
      const long = since(samples, now - longMs);
      const seconds = short === undefined ? 0 : Math.min(shortMs, now - short.from.at) / 1000;
      const latency = long === undefined ? {} : less(long.to.value.latency, long.from.value.latency);
      const answered = Object.values(latency).reduce((sum, count) => sum + count, 0);
      const errors = long === undefined ? 0 : long.to.value.errors - long.from.value.errors;
      return {
        perSecond:
          short === undefined || seconds < 1
            ? undefined
            : (short.to.value.requests - short.from.value.requests) / seconds,
        success: answered === 0 ? undefined : 1 - errors / answered,
        p50: latencyQuantile(latency, 0.5),
        p99: latencyQuantile(latency, 0.99),
        cpu: cpuOf(usage.get(workload) ?? []),
      };
    },
  };
}

/** Appends, and drops what the window has left behind, but for the newest of that: counting begins there. */
function push<T>(all: Map<string, Sample<T>[]>, workload: string, sample: Sample<T>, before: T | undefined): void {
  const samples = all.get(workload) ?? (before === undefined ? [] : [{ at: sample.at - 1000, value: before }]);
  samples.push(sample);
  const first = samples.findLastIndex(({ at }) => at <= sample.at - longMs);
  if (first > 0) samples.splice(0, first);
  all.set(workload, samples);
}

/** The newest sample, and the one that stood when the window began: the totals did not change between two samples. */
function since<T>(
  samples: readonly Sample<T>[],
  begin: number,
): { readonly from: Sample<T>; readonly to: Sample<T> } | undefined {
  const to = samples.at(-1);
  const from = samples.findLast(({ at }) => at <= begin) ?? samples[0];
  return to === undefined || from === undefined ? undefined : { from, to };
}

function less(
  after: Readonly<Record<string, number>>,
  before: Readonly<Record<string, number>>,
): Readonly<Record<string, number>> {
  return Object.fromEntries(Object.entries(after).map(([name, value]) => [name, value - (before[name] ?? 0)]));
}

/** From the last two measurements; a program that began anew has used less than before. */
function cpuOf(samples: readonly Sample<ResourceUsage>[]): number | undefined {
  const [before, last] = samples.slice(-2);
  if (before === undefined || last === undefined || last.at <= before.at) return undefined;
  const used = (last.value.cpuSeconds ?? Number.NaN) - (before.value.cpuSeconds ?? Number.NaN);
  return used >= 0 ? used / ((last.at - before.at) / 1000) : undefined;
}

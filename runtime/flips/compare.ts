import type { Comparison, Flip } from "../model/flips.ts";
import type { RecalledCall, RecalledCalls } from "../model/recalled.ts";
import type { ProxyId, ProxySnapshot } from "../model/snapshot.ts";
import { redactTarget } from "../policy/redact.ts";
import type { Ends } from "./arrival.ts";
import { judgeCall, type Judged, type SetClock } from "./outcome.ts";
import { bindSections, type Side } from "./side.ts";

/** Kinds of flips that are told; with many policies to explain one takes milliseconds. */
const mostTold = 50;

/** Calls that flip in the same way. */
interface Group {
  readonly latest: RecalledCall;
  readonly ids: string[];
  readonly before: Extract<Judged, { kind: "outcome" }>;
  readonly after: Extract<Judged, { kind: "outcome" }>;
}

/** Decides every call under both sides. Stops after each so that whoever runs it can do something else; `now` judges tokens. */
export function* compareCalls(
  recalled: RecalledCalls,
  before: Side & { readonly generation: number },
  after: Side,
  now: number,
): Generator<undefined, Comparison> {
  const clock = createSetClock(now);
  const bind = bindSections(clock);
  const clusters = new Map(
    recalled.departures.map((each) => [departureKey(each.proxy, each.to, each.requestId), each.cluster]),
  );
  const groups = new Map<string, Group>();
  const excluded = new Map<string, string[]>();
  let compared = 0;

  const judge = (call: RecalledCall, side: Side): Judged => {
    const ends = endsOf(call, recalled, side.snapshots, clusters);
    return ends === undefined
      ? { kind: "excluded", reason: "its workload is not there" }
      : judgeCall(ends, bind(ends.server), clock);
  };

  for (const call of recalled.calls) {
    const old = judge(call, before);
    const next = isUntouched(call, before.snapshots, after.snapshots) ? old : judge(call, after);
    const unknown = old.kind === "excluded" ? old : next.kind === "excluded" ? next : undefined;
    if (unknown === undefined) compared += 1;
    else {
      const ids = excluded.get(unknown.reason) ?? [];
      excluded.set(unknown.reason, ids);
      ids.push(call.id);
    }
    if (old.kind === "outcome" && next.kind === "outcome" && old.verdict !== next.verdict) {
      const key = [call.proxy, callerOf(call), ...Object.values(askedOf(call)), old.key, next.key].join("\n");
      const group = groups.get(key);
      if (group === undefined) groups.set(key, { latest: call, ids: [call.id], before: old, after: next });
      else group.ids.push(call.id);
    }
    yield undefined;
  }

  const sorted = [...groups.values()].toSorted(
    (a, b) => Number(b.after.verdict === "allow") - Number(a.after.verdict === "allow") || b.ids.length - a.ids.length,
  );
  const flips: Flip[] = [];
  for (const group of sorted.slice(0, mostTold)) {
    flips.push(tell(group));
    yield undefined;
  }
  return {
    before: before.generation,
    after: after.generation,
    since: sinceOf(recalled),
    compared,
    flipped: sorted.reduce((sum, { ids }) => sum + ids.length, 0),
    excluded: Array.from(excluded, ([reason, ids]) => ({ reason, calls: ids.length, ids })),
    flips,
    omitted: sorted.length - flips.length,
    omittedIds: sorted.slice(flips.length).flatMap(({ ids }) => ids),
  };
}

function sinceOf({ calls }: RecalledCalls): string | null {
  const oldest = calls.at(-1);
  return oldest === undefined ? null : new Date(oldest.at).toISOString();
}

function createSetClock(now: number): SetClock {
  let time = now;
  return {
    now: () => time,
    at: (ms, ask) => {
      time = ms;
      try {
        return ask();
      } finally {
        time = now;
      }
    },
  };
}

function endsOf(
  call: RecalledCall,
  { connections }: RecalledCalls,
  snapshots: ReadonlyMap<ProxyId, ProxySnapshot>,
  clusters: ReadonlyMap<string, string>,
): Ends | undefined {
  const server = snapshots.get(call.proxy);
  const connection = connections[call.connection];
  if (server === undefined || connection === undefined) return undefined;
  const { workload } = call.from;
  const cluster =
    call.kind === "request" && workload !== null
      ? clusters.get(departureKey(workload, call.proxy, call.requestId))
      : undefined;
  return { call, connection, server, cluster, caller: workload === null ? undefined : snapshots.get(workload) };
}

function departureKey(from: ProxyId, to: ProxyId, requestId: string): string {
  return `${from} ${to} ${requestId}`;
}

/** Most saves change few sidecars. */
function isUntouched(
  { proxy, from }: RecalledCall,
  before: ReadonlyMap<ProxyId, ProxySnapshot>,
  after: ReadonlyMap<ProxyId, ProxySnapshot>,
): boolean {
  const server = [before.get(proxy), after.get(proxy)] as const;
  const caller = from.workload === null ? undefined : ([before.get(from.workload), after.get(from.workload)] as const);
  return (
    isSame(server, ({ identity, hashes }) => `${identity} ${hashes.trust} ${hashes.inbound}`) &&
    (caller === undefined || isSame(caller, ({ identity, hashes }) => `${identity} ${hashes.outbound}`))
  );
}

function isSame(
  [a, b]: readonly [ProxySnapshot | undefined, ProxySnapshot | undefined],
  key: (snapshot: ProxySnapshot) => string,
): boolean {
  return a === b || (a !== undefined && b !== undefined && key(a) === key(b));
}

function callerOf({ from }: RecalledCall): string {
  return from.workload ?? from.address.slice(0, from.address.lastIndexOf(":"));
}

function askedOf(call: RecalledCall): Pick<Flip, "method" | "path"> {
  if (call.kind !== "request") return { method: null, path: null };
  const [path = ""] = call.target.split("?", 1);
  return { method: call.method, path: redactTarget(path) };
}

function tell({ latest, ids, before, after }: Group): Flip {
  return {
    calls: ids.length,
    ids,
    from: latest.from,
    to: latest.to,
    ...askedOf(latest),
    before: before.tell(),
    after: after.tell(),
  };
}

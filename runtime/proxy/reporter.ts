import type { Clock } from "../core/clock.ts";
import type { FromDataPlane } from "../model/dataplane.ts";
import type { MeshEvent } from "../model/event.ts";
import type { ProxyId } from "../model/snapshot.ts";
import { compactHead } from "./compact-head.ts";
import { createMeter } from "./meter.ts";
import type { Meter, MutableCounts } from "./meter.ts";
import { exchangeRecord, isFailure } from "./record.ts";
import type { EventRecord, ExchangeRecord, ExchangeTold, OtherRecord } from "./record.ts";
import { createRecordRing } from "./record-ring.ts";
import { recallCalls } from "./recall.ts";
import { renderRecord } from "./render.ts";
import { createRequestBodies } from "./request-bodies.ts";
import type { RequestBodies } from "./request-bodies.ts";

/** Keeps what happened, and tells it only to those who look (architecture.md §2). */
export interface Reporter {
  readonly add: (record: OtherRecord) => void;
  readonly exchange: (told: ExchangeTold) => void;
  /** Tells an event of the process itself at once, whether somebody looks or not: these are rare and change state. */
  readonly event: (event: MeshEvent) => void;
  /** Ids are unique in one mesh, also over restarts of the data plane. */
  readonly nextId: (letter: "h" | "c" | "e") => string;
  readonly counts: (proxy: ProxyId) => MutableCounts;
  readonly observe: (perSecond: number, headers: boolean) => void;
  readonly replay: (token: number) => void;
  /** Tells the last calls that came in, unredacted, to be decided again elsewhere. */
  readonly recall: (token: number, limit: number) => void;
  /** What the ring holds, oldest first. */
  readonly records: () => readonly EventRecord[];
  readonly bodies: RequestBodies;
  readonly flush: () => void;
  readonly close: () => void;
}

export interface ReporterOptions {
  readonly clock: Clock;
  readonly send: (message: FromDataPlane) => void;
  /** Bytes that the reader has not taken yet. */
  readonly backlog: () => number;
  /** Part of every id; the process id makes ids of a restarted data plane differ. */
  readonly run: string;
  /** Id of the exchange that a record repeats. */
  readonly originalOf: (record: ExchangeRecord) => string | undefined;
}

const ringCapacity = 4096;
const ringBytes = 4 * 1024 * 1024;
const flushEveryMs = 20;
const countsEveryMs = 1000;
/** To put records into words may take this long at a time: with a thousand policies one of them takes ten milliseconds. */
const sliceMs = 10;
/** Even failures stop being sent when the reader is this far behind; they are counted as dropped. */
const maxPending = 65_536;
/** More than a replay and its neighbours: words are made more slowly than things happen, and only failures are still told. */
const maxOrdinary = 2 * ringCapacity;
const maxBacklog = 32 * 1024 * 1024;
const maxBatch = 512;

/** What waits to be sent, in order; a replay ends with its token. */
type Waiting = EventRecord | { readonly kind: "replayed"; readonly token: number };

export function createReporter(options: ReporterOptions): Reporter {
  const { clock, send } = options;
  const ring = createRecordRing(ringCapacity, ringBytes, exchangeId);
  const meters = new Map<ProxyId, Meter>();
  const bodies = createRequestBodies(() => perSecond > 0);
  let ids = 0;
  let perSecond = 0;
  let headers = false;
  let pending: Waiting[] = [];
  /** How many of `pending` are sent. */
  let sent = 0;
  let dropped = 0;
  let budget = 0;
  let budgetFrom = 0;
  let timer: (() => void) | undefined;
  let countsTimer: (() => void) | undefined;
  let lastCounts = "";
  let closed = false;

  function exchangeId(serial: number): string {
    return `r-${options.run}${serial}`;
  }

  function mayTell(failure: boolean): boolean {
    const waiting = pending.length - sent;
    if (failure) return waiting < maxPending;
    const now = clock.monotonic();
    if (now - budgetFrom >= 1000) {
      budgetFrom = now;
      budget = perSecond;
    }
    if (budget <= 0 || waiting >= maxOrdinary || options.backlog() > maxBacklog) return false;
    budget -= 1;
    return true;
  }

  /** Sends what waits for as long as a slice lasts, and the rest later: traffic and heartbeats must not wait for words. */
  function sendSlice(): void {
    timer?.();
    timer = undefined;
    const until = clock.monotonic() + sliceMs;
    let events: MeshEvent[] = [];
    const sendEvents = (): void => {
      if (events.length > 0 || dropped > 0) send({ type: "events", events, dropped });
      events = [];
      dropped = 0;
    };
    do {
      const next = pending[sent];
      if (next === undefined) break;
      sent += 1;
      if (next.kind === "replayed") {
        sendEvents();
        send({ type: "replayed", token: next.token });
      } else {
        events.push(render(next));
        if (events.length === maxBatch) sendEvents();
      }
    } while (clock.monotonic() < until);
    sendEvents();
    if (sent < pending.length) {
      schedule();
    } else {
      pending = [];
      sent = 0;
    }
  }

  function render(record: EventRecord): MeshEvent {
    const event = renderRecord(record, headers);
    const replayOf = record.kind === "exchange" ? options.originalOf(record) : undefined;
    return replayOf === undefined || event.type !== "exchange.completed" ? event : { ...event, replayOf };
  }

  function schedule(): void {
    if (timer === undefined && !closed) {
      timer = clock.after(flushEveryMs, sendSlice);
    }
  }

  function sendCounts(): void {
    countsTimer = undefined;
    if (closed) return;
    const message = Object.fromEntries(Array.from(meters, ([proxy, meter]) => [proxy, meter.read()]));
    const text = JSON.stringify(message);
    if (text !== lastCounts) {
      lastCounts = text;
      send({ type: "counts", counts: message });
      scheduleCounts();
    }
  }

  function scheduleCounts(): void {
    if (countsTimer === undefined && !closed) countsTimer = clock.after(countsEveryMs, sendCounts);
  }

  function meterOf(proxy: ProxyId): Meter {
    const found = meters.get(proxy);
    if (found !== undefined) return found;
    const fresh = createMeter();
    meters.set(proxy, fresh);
    return fresh;
  }

  function add(record: OtherRecord): void {
    ring.other(record);
    if (record.kind === "connection" && record.decision !== undefined)
      meterOf(record.proxy).decided(record.decision.set, record.decision.decision);
    scheduleCounts();
    if (perSecond === 0) return;
    // Handshakes are rare beside requests, and every one is told.
    if (mayTell(record.kind === "handshake" || isFailure(record))) pending.push(record);
    else dropped += 1;
    schedule();
  }

  function exchange(told: ExchangeTold): void {
    ids += 1;
    ring.exchange(told, ids);
    if (bodies.isWaiting(told.head)) bodies.name(told.head, exchangeId(ids));
    meterOf(told.proxy).exchanged(told);
    scheduleCounts();
    if (perSecond === 0) return;
    if (mayTell(told.decision?.verdict === "deny")) {
      const head = told.head === undefined ? undefined : compactHead(told.head);
      pending.push(exchangeRecord({ ...told, head }, exchangeId(ids)));
    } else {
      dropped += 1;
    }
    schedule();
  }

  return {
    add,
    exchange,
    event: (event) => {
      send({ type: "events", events: [event], dropped: 0 });
    },
    nextId: (letter) => {
      ids += 1;
      return `${letter}-${options.run}${ids}`;
    },
    counts: (proxy) => meterOf(proxy).counts,
    observe: (rate, withHeaders) => {
      // What waits was asked for in the old way, and whoever asks again now need not wait for the next turn.
      if (pending.length > 0) sendSlice();
      perSecond = rate;
      headers = withHeaders;
      budget = rate;
      budgetFrom = clock.monotonic();
    },
    replay: (token) => {
      // What waits is in the ring too: sending both would tell it twice.
      const earlier = pending.slice(sent).filter(({ kind }) => kind === "replayed");
      pending = [...earlier, ...ring.list(), { kind: "replayed", token }];
      sent = 0;
      sendSlice();
    },
    recall: (token, limit) => {
      recallCalls(token, limit, { ring, clock, send });
    },
    records: ring.list,
    bodies,
    flush: sendSlice,
    close: () => {
      closed = true;
      timer?.();
      countsTimer?.();
    },
  };
}

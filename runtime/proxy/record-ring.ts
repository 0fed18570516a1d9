import { Buffer } from "node:buffer";
import type { InboundSection, ProxyId } from "../model/snapshot.ts";
import { writeBytes, writeUtf8 } from "../wire/http1/head-writer.ts";
import type { RequestHead } from "../wire/http1/head.ts";
import { exchangeRecord } from "./record.ts";
import type { EventRecord, ExchangeTold, OtherRecord } from "./record.ts";
import { createRing } from "./ring.ts";
import type { Ring } from "./ring.ts";

/** The last records. A request leaves no object behind: its text is copied into one range of bytes, the rest into a slot that is used again. */
export interface RecordRing {
  readonly exchange: (told: ExchangeTold, serial: number) => void;
  readonly other: (record: OtherRecord) => void;
  /** Oldest first. */
  readonly list: () => readonly EventRecord[];
  /** For who reads them one by one while others come: their places, and what stands there; undefined: it is gone by now. */
  readonly range: Ring["range"];
  readonly toldAt: (place: number) => Told | undefined;
}

/** A record as it was told. */
export type Told =
  | { readonly kind: "exchange"; readonly id: string; readonly told: ExchangeTold }
  | { readonly kind: "other"; readonly record: OtherRecord };

/** What a record keeps as it is, numbers and references to what lives longer than the request; its head and text are empty here. */
type Kept = { -readonly [K in keyof ExchangeTold]: ExchangeTold[K] };

interface Slot {
  other: OtherRecord | undefined;
  kept: Kept | undefined;
  serial: number;
  /** Numbers of `fields`; -1: the head was not kept. */
  fields: number;
  block: number;
  method: number;
  authority: number;
  path: number;
  /** -1: null. */
  originalPath: number;
  requestId: number;
}

const fieldBytes = 4;
/** UTF-8 bytes of one UTF-16 unit, at most. */
const unitBytes = 3;
/** Memory that other records hold outside the range of bytes, roughly. */
const handshakeWeight = 2048;
const connectionWeight = 1024;
/** A compiled rule, with its clauses. */
const ruleWeight = 1024;
/** What a decision keeps of a token, per byte of it. */
const claimsWeight = 4;

export function createRecordRing(capacity: number, size: number, idOf: (serial: number) => string): RecordRing {
  const store = new ArrayBuffer(size);
  const bytes = Buffer.from(store);
  const words = new Int32Array(store);
  const slots: Slot[] = [];
  const ring = createRing(capacity, size, (index) => {
    const slot = slots[index];
    if (slot === undefined) return;
    slot.other = undefined;
    if (slot.kept !== undefined) slot.kept.section = undefined;
  });
  const policies = new Map<ProxyId, InboundSection>();

  function slotAt(index: number): Slot {
    const known = slots[index];
    if (known !== undefined) return known;
    const fresh = {
      other: undefined,
      kept: undefined,
      serial: 0,
      fields: 0,
      block: 0,
      method: 0,
      authority: 0,
      path: 0,
      originalPath: 0,
      requestId: 0,
    };
    slots[index] = fresh;
    return fresh;
  }

  /** A record keeps the policies it was decided by: the first one under new policies pays for them. */
  function weightOf(told: ExchangeTold): number {
    const { proxy, section, decision } = told;
    const token = decision?.token === undefined ? 0 : aligned(decision.token.size * claimsWeight);
    if (section === undefined || policies.get(proxy) === section) return token;
    policies.set(proxy, section);
    const rules = section.http.policies.reduce((sum, policy) => sum + policy.rules.length, 0);
    return Math.min(size / 2, rules * ruleWeight) + token;
  }

  function exchange(told: ExchangeTold, serial: number): void {
    const { head, method, authority, path, originalPath, requestId } = told;
    const fields = head?.fields ?? [];
    const from = fields[0] ?? 0;
    // A header's line ends in CRLF behind its value.
    const to = fields.length === 0 ? 0 : (fields[fields.length - 1] ?? 0) + 2;
    const units =
      method.length + authority.length + path.length + (originalPath?.length ?? 0) + (requestId?.length ?? 0);
    const before = fields.length * fieldBytes + to - from;
    const weight = weightOf(told);
    const index = ring.claim(aligned(before + units * unitBytes) + weight);
    if (index < 0) return;

    const offset = ring.offset(index);
    for (let i = 0; i < fields.length; i += 1) words[offset / fieldBytes + i] = (fields[i] ?? 0) - from;
    if (head !== undefined) writeBytes(bytes, offset + fields.length * fieldBytes, head.bytes, from, to);
    let end = writeUtf8(bytes, offset + before, method);
    end = writeUtf8(bytes, end, authority);
    end = writeUtf8(bytes, end, path);
    if (originalPath !== null) end = writeUtf8(bytes, end, originalPath);
    if (requestId !== null) end = writeUtf8(bytes, end, requestId);
    ring.shrink(aligned(end - offset) + weight);

    const slot = slotAt(index);
    slot.serial = serial;
    slot.fields = head === undefined ? -1 : fields.length;
    slot.block = to - from;
    slot.method = method.length;
    slot.authority = authority.length;
    slot.path = path.length;
    slot.originalPath = originalPath?.length ?? -1;
    slot.requestId = requestId?.length ?? -1;
    if (slot.kept === undefined) slot.kept = { ...told, ...noText };
    else keep(slot.kept, told);
  }

  function exchangeAt(index: number, slot: Slot, kept: Kept): ExchangeTold {
    const offset = ring.offset(index);
    const count = Math.max(0, slot.fields);
    const block = offset + count * fieldBytes;
    const lengths = [slot.method, slot.authority, slot.path, slot.originalPath, slot.requestId];
    const units = lengths.reduce((sum, length) => sum + Math.max(0, length), 0);
    const text = bytes.toString("utf8", block + slot.block, block + slot.block + units * unitBytes);
    let at = 0;
    const take = (length: number): string => {
      at += Math.max(0, length);
      return text.slice(at - Math.max(0, length), at);
    };
    const method = take(slot.method);
    const authority = take(slot.authority);
    const path = take(slot.path);
    const original = take(slot.originalPath);
    const id = take(slot.requestId);
    const head: Pick<RequestHead, "bytes" | "fields"> | undefined =
      slot.fields < 0
        ? undefined
        : {
            bytes: Buffer.from(bytes.subarray(block, block + slot.block)),
            fields: Array.from(words.subarray(offset / fieldBytes, offset / fieldBytes + count)),
          };
    return {
      ...kept,
      head,
      method,
      authority,
      path,
      originalPath: slot.originalPath < 0 ? null : original,
      requestId: slot.requestId < 0 ? null : id,
    };
  }

  function toldIn(index: number): Told | undefined {
    const slot = slots[index];
    if (slot?.other !== undefined) return { kind: "other", record: slot.other };
    if (slot?.kept === undefined) return undefined;
    return { kind: "exchange", id: idOf(slot.serial), told: exchangeAt(index, slot, slot.kept) };
  }

  return {
    exchange,
    other: (record) => {
      const index = ring.claim(record.kind === "handshake" ? handshakeWeight : connectionWeight);
      if (index >= 0) slotAt(index).other = record;
    },
    list: () =>
      ring.slots().flatMap((index): readonly EventRecord[] => {
        const told = toldIn(index);
        if (told === undefined) return [];
        return told.kind === "other" ? [told.record] : [exchangeRecord(told.told, told.id)];
      }),
    range: ring.range,
    toldAt: (place) => {
      const index = ring.slotAt(place);
      return index === undefined ? undefined : toldIn(index);
    },
  };
}

/** Field by field, into an object that is there already: nothing is left behind for every request. */
function keep(into: Kept, told: ExchangeTold): void {
  into.at = told.at;
  into.generation = told.generation;
  into.proxy = told.proxy;
  into.side = told.side;
  into.protocol = told.protocol;
  into.from = told.from;
  into.to = told.to;
  into.destination = told.destination;
  into.status = told.status;
  into.flags = told.flags;
  into.details = told.details;
  into.handshake = told.handshake;
  into.route = told.route;
  into.routeAt = told.routeAt;
  into.cluster = told.cluster;
  into.endpoint = told.endpoint;
  into.attempts = told.attempts;
  into.totalMs = told.totalMs;
  into.upstreamMs = told.upstreamMs;
  into.bytesIn = told.bytesIn;
  into.bytesOut = told.bytesOut;
  into.decision = told.decision;
  into.authorized = told.authorized;
  into.section = told.section;
  into.caller = told.caller;
}

const noText = {
  head: undefined,
  method: "",
  authority: "",
  path: "",
  originalPath: null,
  requestId: null,
} as const;

function aligned(size: number): number {
  return (size + fieldBytes - 1) & -fieldBytes;
}

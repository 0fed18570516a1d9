import { defaultInboundOptions } from "../../../runtime/traffic/http-options.ts";
import { array, assert, constantFrom, nat, option, property, record, string, tuple } from "fast-check";
import { expect, test } from "vitest";
import type { PolicySet } from "../../../runtime/model/policy.ts";
import type { InboundSection } from "../../../runtime/model/snapshot.ts";
import { createRecordRing } from "../../../runtime/proxy/record-ring.ts";
import type { EventRecord, ExchangeTold } from "../../../runtime/proxy/record.ts";
import { renderRecord } from "../../../runtime/proxy/render.ts";
import { parseRequestHead } from "../../../runtime/wire/http1/head.ts";
import { providerOf } from "../policy/jwt/providers.ts";

const party = { workload: null, address: "192.0.2.1:1", spiffe: null };

function headOf(lines: readonly string[]): ExchangeTold["head"] {
  const text = `\r\nGET / HTTP/1.1\r\nhost: a\r\n${lines.join("")}\r\nbody`;
  const result = parseRequestHead(Buffer.from(text), 0);
  if (result.kind !== "head") throw new Error(text);
  return result.head;
}

function told(change: Partial<ExchangeTold>): ExchangeTold {
  return {
    at: 1_700_000_000_000,
    generation: 1,
    proxy: "p",
    side: "inbound",
    protocol: "HTTP/1.1",
    from: party,
    to: party,
    destination: null,
    head: undefined,
    method: "GET",
    authority: "a",
    path: "/",
    originalPath: null,
    requestId: null,
    status: 200,
    flags: "-",
    details: "via_upstream",
    handshake: null,
    route: null,
    routeAt: null,
    cluster: null,
    endpoint: null,
    attempts: 1,
    totalMs: 0.25,
    upstreamMs: 0.125,
    bytesIn: 0,
    bytesOut: 5_000_000_000,
    decision: undefined,
    authorized: undefined,
    section: undefined,
    caller: undefined,
    ...change,
  };
}

/** A record as plain data. */
function plain(each: EventRecord): unknown {
  if (each.kind !== "exchange") return each;
  const { headers, decision, ...rest } = each;
  return {
    ...rest,
    headers: headers?.(),
    seen: decision?.facts.header("x-a"),
    path: decision?.facts.path() ?? each.path,
  };
}

const text = string({ unit: constantFrom("a", "/", "\u00e4", "\u20ac", "\u{1f600}"), maxLength: 12 });
const rest = record({
  method: constantFrom("GET", "OPTIONS"),
  authority: text,
  path: text,
  originalPath: option(text, { nil: null }),
  requestId: option(text, { nil: null }),
  status: nat(599),
  totalMs: nat(1000).map((ms) => ms / 7),
});
const lines = option(
  array(constantFrom("x-a: 1\r\n", "X-B:  two words \r\n", "x-a: \u20ac\r\n", "connection: x-a\r\n"), { maxLength: 4 }),
  {
    nil: undefined,
  },
);

test("gives back what was told, as long as it has room", () => {
  assert(
    property(array(tuple(rest, lines), { maxLength: 40 }), (list) => {
      const ring = createRecordRing(8, 2048, (serial) => `r-${serial}`);
      const large = createRecordRing(64, 1_000_000, (serial) => `r-${serial}`);
      for (const [serial, [change, sent]] of list.entries()) {
        const head = sent === undefined ? undefined : headOf(sent);
        ring.exchange(told({ ...change, head }), serial);
        large.exchange(told({ ...change, head }), serial);
        // What was parsed is not ours: it may be used again.
        head?.bytes.fill(0);
      }
      const all = large.list().map(plain);
      expect(all).toMatchObject(list.map(([change], serial) => ({ ...change, id: `r-${serial}` })));
      const kept = ring.list().map(plain);
      expect(kept.length).toBeLessThanOrEqual(8);
      expect(kept).toEqual(all.slice(all.length - kept.length));
      if (list.length > 0) expect(kept.length).toBeGreaterThan(0);
    }),
  );
});

const provider = providerOf({ issuer: "a", claimHeaders: [{ header: "x-c", claim: "c" }] });

function sectionOf(rules: number): InboundSection {
  const at = { resource: "AuthorizationPolicy a/b", file: "f", line: 1, column: 1, field: "" };
  const http: PolicySet = {
    layer: "http",
    policies: [
      {
        id: "a",
        action: "ALLOW",
        dryRun: false,
        from: at,
        rules: Array.from({ length: rules }, (_, index) => ({
          index,
          provenance: at,
          from: [],
          to: [],
          when: [],
          dropped: undefined,
        })),
      },
    ],
  };
  const passthrough = {
    port: 0,
    protocol: "tcp",
    mode: "STRICT",
    because: [],
    chains: [],
    cluster: "",
    http: "downstream",
    appPort: undefined,
    maxRequests: undefined,
    virtualHost: "",
  } as const;
  const tcp = { layer: "tcp", policies: [] } as const;
  return { listeners: [], passthrough, http, tcp, jwt: [provider], options: defaultInboundOptions };
}

const caller = {
  peer: undefined,
  sourceIp: "10.0.0.1",
  destinationIp: "10.0.0.2",
  destinationPort: 80,
  sni: undefined,
};

test("a decision can be explained later from what was kept", () => {
  const ring = createRecordRing(8, 4096, String);
  const section = sectionOf(1);
  const decision = { verdict: "deny", reason: "no-allow-matched", by: undefined } as const;
  const head = headOf(["connection: x-gone\r\n", "x-gone: 1\r\n", "x-a: 1\r\n", "x-c: forged\r\n"]);
  ring.exchange(told({ head, decision, section, caller, method: "PUT", authority: "b", path: "/p" }), 1);
  head?.bytes.fill(0);
  const [kept] = ring.list();
  if (kept?.kind !== "exchange" || kept.decision === undefined) throw new Error("no decision");
  const { set, facts } = kept.decision;
  expect(set).toBe(section.http);
  expect(kept.decision.decision).toBe(decision);
  expect([facts.method(), facts.authority(), facts.path()]).toEqual(["PUT", "b", "/p"]);
  expect([facts.header("x-a"), facts.header("x-c"), facts.header("x-gone")]).toEqual([["1"], [], []]);
  expect(facts.sourceIp).toBe("10.0.0.1");
});

test("policies that are kept for an explanation count: large ones push out older records", () => {
  const ring = createRecordRing(100, 64 * 1024, String);
  const small = sectionOf(1);
  for (let i = 0; i < 50; i += 1) ring.exchange(told({ section: small }), i);
  expect(ring.list()).toHaveLength(50);
  for (let i = 0; i < 10; i += 1) ring.exchange(told({ section: sectionOf(1000) }), i);
  expect(ring.list().length).toBeLessThan(4);
});

test("handshakes and connections stand between the requests in their order", () => {
  const ring = createRecordRing(8, 64 * 1024, String);
  ring.exchange(told({}), 1);
  ring.other({
    kind: "connection",
    id: "c-2",
    at: 0,
    generation: 1,
    proxy: "p",
    side: "inbound",
    from: party,
    to: party,
    flags: "-",
    details: "-",
    handshake: null,
    sni: null,
    cluster: null,
    endpoint: null,
    ms: 0,
    bytesIn: 0,
    bytesOut: 0,
    decision: undefined,
  });
  for (let i = 3; i < 10; i += 1) ring.exchange(told({}), i);
  expect(ring.list().map(({ id }) => id)).toEqual(["c-2", "3", "4", "5", "6", "7", "8", "9"]);
});

test("an event tells the nearest rules of a large set, and how many more there were", () => {
  const ring = createRecordRing(8, 4 * 1024 * 1024, String);
  const decision = { verdict: "allow", reason: "matched", by: { policy: 0, rule: 0 } } as const;
  const section = sectionOf(1);
  const [policy] = section.http.policies;
  if (policy === undefined) throw new Error("no policy");
  const dryRun = Array.from({ length: 119 }, (_, i) => ({ ...policy, id: `dry-${i}`, dryRun: true }));
  const http: PolicySet = { layer: "http", policies: [policy, ...dryRun] };
  ring.exchange(told({ head: headOf([]), decision, section: { ...section, http }, caller }), 1);
  const [kept] = ring.list();
  const event = kept === undefined ? undefined : renderRecord(kept, false);
  if (event?.type !== "exchange.completed") throw new Error("no exchange");
  expect(event.decision?.tried).toHaveLength(50);
  expect(event.decision?.tried[0]?.id).toBe("a-rule[0]");
  expect(event.decision?.omitted).toBe(70);
});

import { describe, expect, it } from "vitest";
import { completeFilter } from "../../../runtime/store/filter-completion.ts";
import { parseFilter } from "../../../runtime/store/filter.ts";
import { connection, exchange, handshake, logged } from "./events.ts";

const denied = exchange({
  from: "intruder-1",
  to: "backend-1",
  path: "/api/data?x=1",
  status: 403,
  verdict: "deny",
  generation: 14,
});
const allowed = exchange({
  from: "frontend-1",
  to: "backend-1",
  path: "/healthz",
  status: 200,
  verdict: "allow",
  generation: 3,
});
const refused = handshake({ from: null, to: "backend-1", failed: "plaintext under STRICT" });
const line = logged("frontend-1", "Listening on 8080");
const tcp = connection({ from: "frontend-1", to: "db-1.shop", flags: "UF,URX", ms: 250 });
const events = { denied, allowed, refused, line, tcp };

const table: readonly (readonly [filter: string, matches: readonly (keyof typeof events)[]])[] = [
  ["", ["denied", "allowed", "refused", "line", "tcp"]],
  ["from:intruder", ["denied"]],
  ["from:intruder-1", ["denied"]],
  ["from:spiffe://cluster.local/ns/default/sa/frontend", ["allowed", "tcp"]],
  ["from:outside", ["refused"]],
  ["to:backend", ["denied", "allowed", "refused"]],
  ["to:db.shop", ["tcp"]],
  ["to:db", ["tcp"]],
  ["method:get", ["denied", "allowed"]],
  ["path:/api/*", ["denied"]],
  ["path:/api", []],
  ["path:/^\\x2fapi/", ["denied"]],
  ["status:4xx", ["denied"]],
  ["status:>=200 status:<300", ["allowed"]],
  ["status:(200|403)", ["denied", "allowed"]],
  ["verdict:denied", ["denied", "refused"]],
  ["verdict:allow", ["allowed"]],
  ["policy:backend-allow", ["denied", "allowed"]],
  ["policy:default/backend-allow", ["denied", "allowed"]],
  ["rule:0", ["allowed"]],
  ["gen:>=14", ["denied"]],
  ["tls:failed", ["refused"]],
  ["alert:certificate_required", ["refused"]],
  ["sni:*.backend.*", ["refused"]],
  ["peer:*/sa/frontend", ["allowed", "tcp"]],
  ["proto:tcp", ["tcp"]],
  ["proto:http", ["denied", "allowed"]],
  ["flag:UF", ["tcp"]],
  ["dur:>200ms", ["tcp"]],
  ["dur:<1s", ["denied", "allowed", "refused", "tcp"]],
  ["svc:frontend", ["allowed", "line", "tcp"]],
  ["svc:(frontend|intruder) !type:exchange", ["line", "tcp"]],
  ["stream:stderr", []],
  ["stream:stdout", ["line"]],
  ["type:handshake.failed", ["refused"]],
  ["type:exchange", ["denied", "allowed"]],
  ["listening", ["line"]],
  ['"on 8080"', ["line"]],
  ["/listening on \\d+/", ["line"]],
  ["!path:/healthz type:exchange", ["denied"]],
  ["-path:/healthz type:exchange", ["denied"]],
  ["from:intruder | stream:stdout", ["denied", "line"]],
  ["!(from:intruder | stream:stdout) !tls:failed", ["allowed", "tcp"]],
  ["/api/data", ["denied"]],
  ["~u /healthz", ["allowed"]],
  ["STRICT", ["refused"]],
  ["host:backend", ["denied", "allowed"]],
  ["host:backend:8080", ["denied", "allowed"]],
  ["side:outbound", ["tcp"]],
  ["side:server", ["refused"]],
  ["spiffe://cluster.local/ns/default/sa/intruder", ["denied"]],
  ["@denials", ["denied", "refused"]],
  ["!@denials type:exchange", ["allowed"]],
  ["@slow | @denials", ["denied", "refused"]],
];

describe("the filter language", () => {
  it.each(table)("%s", (text, expected) => {
    const filter = parseFilter(text);
    if (!filter.ok) throw new Error(filter.error);
    const found = Object.entries(events).filter(([, event]) => filter.match(event));
    expect(found.map(([name]) => name)).toEqual(expected);
  });

  const faults: readonly (readonly [text: string, at: number, suggestions: readonly string[]])[] = [
    ["stauts:403", 0, ["status"]],
    ["from:web metod:GET", 9, ["method"]],
    ["pol:x", 0, ["policy"]],
    ["zebra:1", 0, []],
    ["(from:web", 0, []],
    ["from:web)", 8, []],
    ["from:", 5, []],
    ["from:web |", 10, []],
    ['path:"/api', 5, []],
    ["status:abc", 7, []],
    ["dur:>fast", 4, []],
    ["gen:x", 4, []],
    ["/(/", 0, []],
    ["!", 1, []],
    ["(".repeat(2_001), 2_000, []],
  ];
  it.each(faults)("points at the fault in %s", (text, at, suggestions) => {
    expect(parseFilter(text)).toMatchObject({ ok: false, at, suggestions });
  });

  it("counts time back from now or from the mark, by the clock of whoever asks", () => {
    const at = Date.parse("2026-01-01T00:00:00.000Z");
    const matches = (text: string, setting: Parameters<typeof parseFilter>[1]): boolean => {
      const parsed = parseFilter(text, setting);
      if (!parsed.ok) throw new Error(parsed.error);
      return parsed.match(denied);
    };
    expect(matches("since:5m", { now: at + 299_000 })).toBe(true);
    expect(matches("since:5m", { now: at + 301_000 })).toBe(false);
    expect(matches("since:mark", { mark: at })).toBe(true);
    expect(matches("since:mark", { mark: at + 1 })).toBe(false);
    expect(parseFilter("since:mark")).toMatchObject({ ok: false, at: 6 });
    expect(parseFilter("since:yesterday", { now: at })).toMatchObject({ ok: false, at: 6 });
  });

  it("takes names from the project, which may use each other but not themselves", () => {
    const named = { api: "path:/api/*", ours: "@api from:intruder", loop: "@loop", broken: "stauts:1" };
    const parsed = parseFilter("@ours", { named });
    expect(parsed.ok && parsed.match(denied)).toBe(true);
    expect(parsed.ok && parsed.match(allowed)).toBe(false);
    expect(parseFilter("x @loop", { named })).toMatchObject({ ok: false, at: 2 });
    expect(parseFilter("@broken", { named })).toMatchObject({ ok: false, at: 0 });
    expect(parseFilter("@apo", { named })).toMatchObject({ ok: false, suggestions: ["@api"] });
  });
});

describe("levels of log lines", () => {
  const lines: readonly (readonly [line: string, filter: string, isHit: boolean])[] = [
    ['{"level":"warn","msg":"x"}', "level:warn", true],
    ['{"level":40,"msg":"x"}', "level:warn+", true],
    ['{"level":30,"msg":"ERROR in the text"}', "level:warn+", false],
    ["time=12:03 level=error msg=x", "level:>=warn", true],
    ["12:03:07 WARN slow", "level:warning", true],
    ["[error] boom", "level:warn+", true],
    ["Error: boom", "level:error", true],
    ["the error page was served", "level:error", false],
    ["plain", "level:trace+", false],
    ["GET /api -> 200", "level:info", false],
  ];
  it.each(lines)("%s is %s: %s", (text, filter, isHit) => {
    const parsed = parseFilter(filter);
    expect(parsed.ok && parsed.match(logged("web-1", text))).toBe(isHit);
  });

  it("are named when one is wrong", () => {
    expect(parseFilter("level:loud")).toMatchObject({ ok: false, at: 6 });
  });
});

describe("completion", () => {
  const known = { services: ["frontend", "backend"], policies: ["backend-allow"], filters: ["denials"] };
  const table: readonly (readonly [text: string, from: number, candidates: readonly string[]])[] = [
    ["ver", 0, ["verdict:"]],
    ["from:web !st", 10, ["status:", "stream:"]],
    ["verdict:d", 8, ["denied"]],
    ["from:", 5, ["frontend", "backend", "outside"]],
    ["from:(frontend|b", 15, ["backend"]],
    ["-to:back", 4, ["backend"]],
    ["policy:", 7, ["backend-allow"]],
    ["@d", 0, ["@denials"]],
    ["(x | @", 5, ["@denials"]],
    ["zebra", 0, []],
    ["verdict:denied", 8, []],
  ];
  it.each(table)("of %s", (text, from, candidates) => {
    expect(completeFilter(text, known)).toEqual({ from, candidates });
  });

  it("offers only what the language understands", () => {
    for (const candidate of completeFilter("", known).candidates.filter((each) => each.endsWith(":"))) {
      for (const value of completeFilter(candidate, known).candidates)
        expect(parseFilter(candidate + value, { now: 0, mark: 0 })).toMatchObject({ ok: true });
    }
  });
});

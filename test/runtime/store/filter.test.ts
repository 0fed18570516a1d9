import { describe, expect, it } from "vitest";
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
});

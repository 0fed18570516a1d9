import { describe, expect, it } from "vitest";
import { eventLine, generationWords } from "../../../cli/print/event-line.ts";
import { asciiGlyphs } from "../../../cli/print/glyphs.ts";
import { isRow } from "../../../cli/print/interesting.ts";
import { lineText } from "../../../cli/print/segment.ts";
import { verdictOf } from "../../../cli/print/verdict.ts";
import type { EventsDropped, MeshEvent } from "../../../runtime/model/event.ts";
import {
  allowed,
  changed,
  exchange,
  handshake,
  logged,
  meshState,
  party,
  plaintext,
  problem,
  refusal,
} from "../support/synthetic.ts";

function words(event: MeshEvent | EventsDropped): string {
  const line = eventLine(event, asciiGlyphs);
  return line === undefined ? "" : lineText(line).slice(13);
}

describe("eventLine", () => {
  it("says who called whom, what, the answer and the rule that allowed it", () => {
    expect(words(exchange(7))).toBe(
      "ALLOW    frontend-1 -> backend-1:8080  GET /api/data 200  3.2 ms  by backend-allow rule 0 mesh/authz.yaml:12:7",
    );
  });

  it("names the clause that missed most narrowly, with its place", () => {
    expect(words(refusal(8))).toBe(
      "DENY     intruder-1 -> backend-1:8080  GET /api/data 403  0.4 ms  no ALLOW rule matched; nearest backend-allow rule 0: " +
        "from.source.principals wanted cluster.local/ns/default/sa/frontend; the request had cluster.local/ns/default/sa/intruder mesh/authz.yaml:14:13",
    );
  });

  it("names the YAML behind a refused handshake", () => {
    expect(words(plaintext(9))).toBe(
      "TLS-FAIL outsider-1 -> backend-1:8080  plaintext under STRICT PeerAuthentication default/backend mesh/peer.yaml:8:11",
    );
  });

  it("shows version, cipher and peer of a handshake", () => {
    expect(words(handshake(1))).toBe(
      "TLS      frontend-1 -> backend-1:8080  TLSv1.3 TLS_AES_256_GCM_SHA384  peer ns/default/sa/frontend  2.1 ms",
    );
  });

  it("never passes on what a terminal could obey", () => {
    const hostile = "\u001b[2J\u202e\n";
    const events = [
      exchange(1, {
        path: `/${hostile}`,
        method: hostile,
        from: { workload: null, address: hostile, spiffe: hostile },
      }),
      logged(2, `x${hostile}y`),
      changed(`w${hostile}`, { phase: "failed", reason: hostile }),
      {
        ...plaintext(3),
        failure: {
          step: "verify",
          alert: hostile,
          reason: hostile,
          because: [{ resource: hostile, file: hostile, line: 1, column: 1, field: hostile }],
        },
      } as const,
    ];
    // oxlint-disable-next-line no-control-regex
    for (const event of events) expect(words(event)).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202e]/);
  });

  it.each([
    [
      changed("backend-1", { phase: "exited", code: 3, signal: null, restartAt: null, lastLines: [] }),
      "service  backend-1 exited with code 3",
    ],
    [
      changed("backend-1", { phase: "exited", code: null, signal: "SIGKILL", restartAt: null, lastLines: [] }),
      "service  backend-1 exited by SIGKILL",
    ],
    [changed("backend-1", { phase: "waiting", for: ["db"] }), "service  backend-1 waiting for db"],
    [logged(1, "hello"), "log      backend-1 hello"],
    [
      { type: "mesh.rejected", id: "m", at: "", generation: 13, problems: [problem] },
      "rejected 1 error, still running generation 13  `methodz` is no field of an operation mesh/authz.yaml:16:13",
    ],
    [{ type: "traffic.counted", id: "c", at: "", generation: 1, counts: {} }, ""],
    [{ type: "events.dropped", count: 7 }, "7 events were not shown: they came faster than they could be written"],
  ] satisfies readonly (readonly [MeshEvent | EventsDropped, string])[])("%#: %s", (event, expected) => {
    expect(words(event)).toBe(expected);
  });

  it("says how a generation went live", () => {
    expect(generationWords({ number: 14, live: 4, total: 4, ms: 21.4, waiting: [] })).toBe(
      "generation 14 live on 4/4 proxies, 21 ms after save",
    );
    expect(generationWords({ number: 14, live: 3, total: 4, ms: null, waiting: ["orders-1"] })).toBe(
      "generation 14: 3/4 proxies, waiting for orders-1",
    );
  });
});

describe("verdictOf", () => {
  it.each([
    [exchange(1), "ALLOW"],
    [
      exchange(1, {
        decision: {
          ...allowed,
          tried: [{ ...allowed.tried[0], dryRun: true, action: "DENY", result: "matched" }].filter(
            (rule) => "resource" in rule,
          ) as typeof allowed.tried,
        },
      }),
      "DRY-DENY",
    ],
    [refusal(1), "DENY"],
    [plaintext(1), "TLS-FAIL"],
    [handshake(1), "TLS"],
    [exchange(1, { side: "outbound", decision: null }), "OK"],
    [exchange(1, { side: "outbound", decision: null, flags: "UF", status: 503 }), "ERR"],
    [exchange(1, { side: "outbound", decision: null, status: 0 }), "ERR"],
    [exchange(1, { side: "outbound", decision: null, status: 502 }), "ERR"],
  ] as const)("%#: %s", (event, verdict) => {
    expect(verdictOf(event)).toBe(verdict);
  });
});

describe("isRow", () => {
  const state = meshState();
  const outbound = { side: "outbound", decision: null } as const;
  it("shows a call once: the server's report, or the client's when it is the only one", () => {
    expect(isRow(exchange(1), state)).toBe(true);
    expect(isRow(exchange(1, outbound), state)).toBe(false);
    expect(isRow(exchange(1, { ...outbound, flags: "UF" }), state)).toBe(true);
    expect(isRow(exchange(1, { ...outbound, to: party("outsider", 80) }), state)).toBe(true);
    expect(
      isRow(
        exchange(1, { ...outbound, to: { workload: null, address: "93.184.216.34:80", spiffe: null }, endpoint: null }),
        state,
      ),
    ).toBe(true);
    expect(isRow(handshake(1), state)).toBe(true);
    expect(isRow(handshake(1, { side: "client" }), state)).toBe(false);
    expect(isRow(plaintext(1), state)).toBe(true);
  });
});

import { expect, it } from "vitest";
import { eventLine } from "../../../cli/print/event-line.ts";
import { flipsLines } from "../../../cli/print/flips.ts";
import { asciiGlyphs } from "../../../cli/print/glyphs.ts";
import { lineText } from "../../../cli/print/segment.ts";
import { headerLine } from "../../../cli/tui/header.ts";
import type { Comparison, Outcome } from "../../../runtime/model/flips.ts";
import { exchange, meshState, party, plaintext, refusal } from "../support/synthetic.ts";

function outcomeOf(event: ReturnType<typeof exchange>): Outcome {
  const { decision } = event;
  return { verdict: decision?.verdict ?? "allow", decision, reason: null, because: [] };
}

const because = plaintext(1).failure?.because ?? [];
const refused: Outcome = { verdict: "refuse", decision: null, reason: "plaintext under STRICT", because };

const comparison: Comparison = {
  before: 12,
  after: 13,
  since: null,
  compared: 412,
  flipped: 3,
  excluded: [{ reason: "it depends on what provider opa says", calls: 4, ids: [] }],
  flips: [
    {
      calls: 2,
      ids: ["r-1", "r-2"],
      from: party("intruder"),
      to: party("backend"),
      method: "GET",
      path: "/api/\u001b[2Jdata",
      before: outcomeOf(refusal(1)),
      after: outcomeOf(exchange(1)),
    },
    {
      calls: 1,
      ids: ["c-3"],
      from: party("outsider"),
      to: party("backend"),
      method: null,
      path: null,
      before: { verdict: "allow", decision: null, reason: "it is accepted", because: [] },
      after: refused,
    },
  ],
  omitted: 7,
  omittedIds: [],
};

const textOf = (value: Comparison): string => flipsLines(value, asciiGlyphs).map(lineText).join("\n");

it("both sides of a flip say why, and where that is written", () => {
  expect(textOf(comparison)).toMatchInlineSnapshot(`
    "this save flips 3 of 412 calls  generation 12 -> 13

    DENY > ALLOW  intruder-1 -> backend-1:41822  GET /api/\\x1b[2Jdata  2 calls
      before deny   no ALLOW rule matched; nearest backend-allow rule 0: from.source.principals wanted cluster.local/ns/default/sa/frontend; the request had cluster.local/ns/default/sa/intruder mesh/authz.yaml:14:13
      after  allow  by backend-allow rule 0 mesh/authz.yaml:12:7

    ALLOW > REFUSE  outsider-1 -> backend-1:41822  a connection
      before allow  it is accepted
      after  refuse plaintext under STRICT by PeerAuthentication default/backend mesh/peer.yaml:8:11
    and 7 more kinds of flips

    not compared:
      4  it depends on what provider opa says"
  `);
});

it("no flips, and nothing to compare", () => {
  expect(textOf({ ...comparison, after: null, flipped: 0, excluded: [], flips: [], omitted: 0, omittedIds: [] })).toBe(
    "this draft flips 0 of 412 calls  generation 12 -> draft",
  );
  expect(
    textOf({ ...comparison, compared: 0, flipped: 0, excluded: [], flips: [], omitted: 0, omittedIds: [] }),
  ).toMatch(/no call/);
});

it("a plain line and the first line of the screen count them", () => {
  const stamp = { id: "e-1", at: "2026-01-01T00:00:00.000Z", generation: 13 };
  const line = eventLine({ type: "save.compared", ...stamp, comparison }, asciiGlyphs) ?? [];
  expect(lineText(line).slice(13)).toMatch(/^flips {4}this save flips 3 of 412 calls {2}DENY > ALLOW: intruder-1 GET /);
  const silent = { ...comparison, compared: 0, flipped: 0, excluded: [], flips: [] };
  expect(eventLine({ type: "save.compared", ...stamp, comparison: silent }, asciiGlyphs)).toBeUndefined();
  const state = meshState();
  const withFlips = (flipped: number): string => {
    const flips = { compared: 412, flipped, excluded: 0 };
    return lineText(headerLine({ ...state, generation: { ...state.generation, flips } }, 120, "~", 0));
  };
  expect(withFlips(3)).toContain("flips 3 of 412");
  expect(withFlips(0)).not.toContain("flips");
});

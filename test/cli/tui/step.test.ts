import { describe, expect, it } from "vitest";
import { createKeymap } from "../../../cli/tui/keymap.ts";
import { locate } from "../../../cli/tui/cursor.ts";
import { step } from "../../../cli/tui/step.ts";
import type { Surroundings } from "../../../cli/tui/surroundings.ts";
import { initialUi, noEnds, type UiState } from "../../../cli/tui/ui-state.ts";

function world(count: number, more: Partial<Surroundings> = {}): Surroundings {
  return {
    list: { count, page: 10, keyAt: (index) => index + 100, indexOf: (key) => key - 100 },
    detailExcess: 5,
    detailPage: 8,
    overlayExcess: 30,
    hasDetailPane: true,
    ends: { traffic: count, tls: 0, logs: 0 },
    own: true,
    now: 0,
    subject: undefined,
    detailText: () => [],
    known: { services: ["web"], policies: [], filters: ["denials"] },
    findRow: (_text, from, by) => from + by * 7,
    ...more,
  };
}

/** Presses keys one after the other. */
function press(ui: UiState, keys: readonly string[], around: Surroundings): UiState {
  return keys.reduce((now, key) => {
    const action = keymap.actionFor(now.mode, key);
    return action === undefined ? now : step(now, action, around);
  }, ui);
}

const keymap = createKeymap();
const start = initialUi("", 0);

describe("the cursor", () => {
  it("follows the newest row until it is moved, then stays on its row while others come", () => {
    expect(locate(start.places.traffic, world(50).list)).toEqual({ cursor: 49, top: 40 });
    const moved = press(start, ["k", "k"], world(50));
    expect(locate(moved.places.traffic, world(50).list)).toEqual({ cursor: 47, top: 40 });
    expect(locate(moved.places.traffic, world(500).list)).toEqual({ cursor: 47, top: 40 });
    expect(press(moved, ["j", "j"], world(50)).places.traffic.follow).toBe(true);
    expect(locate(press(moved, ["G"], world(50)).places.traffic, world(80).list).cursor).toBe(79);
  });

  it("stays on a row that something is done with", () => {
    for (const key of ["w", "e", "r", "y", "Y", ":", "tab", "return"])
      expect(locate(press(start, [key], world(50)).places.traffic, world(60).list).cursor).toBe(49);
    expect(locate(press(start, ["f", "escape", "m"], world(50)).places.traffic, world(60).list).cursor).toBe(59);
  });

  it("stays at the same line of the screen when rows before it fall out", () => {
    const moved = press(start, ["k", "k", "k"], world(50));
    const shifted = { ...world(50).list, count: 30, indexOf: (key: number) => key - 120 };
    expect(locate(moved.places.traffic, shifted)).toEqual({ cursor: 26, top: 20 });
  });

  it("moves by rows, pages and to the edges, and never outside", () => {
    const at = (keys: readonly string[]): number =>
      locate(press(start, keys, world(50)).places.traffic, world(50).list).cursor;
    expect(at(["g"])).toBe(0);
    expect(at(["g", "k"])).toBe(0);
    expect(at(["g", "pagedown"])).toBe(9);
    expect(at(["home", "down", "down", "up"])).toBe(1);
    expect(at(["pageup"])).toBe(40);
    expect(at(["end", "j"])).toBe(49);
    expect(press(start, ["j", "Enter"], world(0))).toMatchObject({ pane: "list" });
  });

  it("jumps to what is searched for, backwards from the newest first", () => {
    const found = press(start, ["/", "a", "p", "i", "return"], world(50));
    expect(found.search).toBe("api");
    expect(locate(found.places.traffic, world(50).list).cursor).toBe(42);
    expect(locate(press(found, ["n", "N", "N"], world(50)).places.traffic, world(50).list).cursor).toBe(35);
    expect(press(found, ["n"], world(50, { findRow: () => undefined })).message).toContain("no other row");
  });
});

describe("panes and modes", () => {
  it("opens the detail, scrolls it, shows why, and goes back", () => {
    const open = press(start, ["return"], world(5));
    expect(open).toMatchObject({ pane: "detail", detailOpen: true });
    expect(press(open, ["j", "j"], world(5)).detailTop).toBe(2);
    expect(press(open, ["G"], world(5)).detailTop).toBe(5);
    expect(press(open, ["escape"], world(5))).toMatchObject({ pane: "list", detailOpen: false });
    expect(press(start, ["tab"], world(5)).pane).toBe("detail");
    expect(press(start, ["tab"], world(5, { hasDetailPane: false })).pane).toBe("list");
  });

  it("writes, mends and drops a filter", () => {
    const typed = press(start, ["f", "v", "x", "backspace", ":", "q"], world(5));
    expect(typed.mode).toEqual({ kind: "filter", draft: "v:q" });
    expect(press(typed, ["escape"], world(5)).filter).toBe("");
    const accepted = press(typed, ["return"], world(5));
    expect(accepted).toMatchObject({ filter: "v:q", filterOn: true, mode: { kind: "normal" } });
    expect(press(accepted, ["F"], world(5)).filterOn).toBe(false);
    expect(press(accepted, ["f", "ctrl+u", "return"], world(5))).toMatchObject({ filter: "", filterOn: false });
    expect(press(start, ["F"], world(5)).message).toContain("no filter");
  });

  it("pauses growing lists only, and puts earlier rows aside without losing them", () => {
    const paused = press(start, [" "], world(5));
    expect(paused.paused?.traffic).toBe(5);
    expect(press(paused, [" "], world(9)).paused).toBeUndefined();
    expect(press(start, ["1", " "], world(5)).paused).toBeUndefined();
    const later = press(start, ["ctrl+l"], world(5));
    expect(later.from.traffic).toBe(5);
    expect(press(later, ["escape"], world(5)).from).toBe(noEnds);
  });

  it("asks before services stop, and forgets the first Ctrl-C when another key follows", () => {
    expect(press(start, ["q"], world(5)).mode.kind).toBe("quit");
    expect(press(start, ["q", "n"], world(5)).mode.kind).toBe("normal");
    expect(press(start, ["q"], world(5, { own: false })).mode.kind).toBe("normal");
    expect(press(start, ["ctrl+c"], world(5))).toMatchObject({ interrupted: true });
    expect(press(start, ["ctrl+c", "j"], world(5)).interrupted).toBe(false);
    expect(press(start, ["f", "ctrl+c"], world(5))).toMatchObject({ interrupted: true, mode: { kind: "normal" } });
  });
});

describe("marks and what is written", () => {
  it("shows what came since a mark, and everything again", () => {
    const marked = press(start, ["m"], world(5, { now: 42 }));
    expect(marked.mark).toEqual({ at: 42, ends: { traffic: 5, tls: 0, logs: 0 } });
    const since = press(marked, ["M"], world(9));
    expect(since.from.traffic).toBe(5);
    expect(press(since, ["M"], world(9)).from).toBe(noEnds);
    expect(press(start, ["M"], world(5)).message).toContain("nothing is marked");
  });

  it("completes a filter as far as it can only mean one thing", () => {
    const draft = (...keys: string[]): unknown => press(start, ["f", ...keys], world(5)).mode;
    expect(draft("v", "e", "r", "tab")).toEqual({ kind: "filter", draft: "verdict:" });
    expect(draft("v", "e", "r", "tab", "d", "tab")).toEqual({ kind: "filter", draft: "verdict:denied " });
    expect(draft("s", "t", "tab")).toEqual({ kind: "filter", draft: "st" });
    expect(draft("t", "o", ":", "w", "tab", "@", "tab")).toEqual({ kind: "filter", draft: "to:web @denials " });
    expect(draft("x", "y", "z", "tab")).toEqual({ kind: "filter", draft: "xyz" });
    const palette = press(start, [":", ..."filter verd", "tab"], world(5)).mode;
    expect(palette).toMatchObject({ kind: "palette", draft: "filter verdict:" });
  });

  it("moves through the palette and forgets the place when more is typed", () => {
    const open = press(start, [":", "down", "down", "up"], world(5));
    expect(open.mode).toMatchObject({ kind: "palette", at: 1 });
    expect(press(open, ["x"], world(5)).mode).toMatchObject({ draft: "x", at: 0 });
    expect(press(start, ["Y"], world(5)).mode).toMatchObject({ kind: "palette", scope: "copy" });
    expect(press(open, ["escape"], world(5)).mode.kind).toBe("normal");
  });

  it("scrolls the help to its end and back at once", () => {
    const end = press(start, ["?", "G"], world(5));
    expect(end.mode).toEqual({ kind: "help", top: 30 });
    expect(press(end, ["k"], world(5)).mode).toEqual({ kind: "help", top: 29 });
    expect(press(end, ["escape"], world(5)).mode.kind).toBe("normal");
  });
});

import { describe, expect, it } from "vitest";
import { bindings } from "../../../cli/tui/key-table.ts";
import { createKeymap } from "../../../cli/tui/keymap.ts";
import { choicesFor, matchChoices } from "../../../cli/tui/palette.ts";
import { has, placeOf, term, termsOf } from "../../../cli/tui/subject.ts";
import { parseFilter } from "../../../runtime/store/filter.ts";
import { exchange, logged, meshState, plaintext, problem, refusal } from "../support/synthetic.ts";

const keymap = createKeymap();
const known = { services: [], policies: [], filters: ["denials"] };
const denied = { kind: "event", event: refusal(1) } as const;

const names = (draft: string): readonly string[] =>
  matchChoices(choicesFor(keymap, denied, known, "all"), draft).map(({ name }) => name);

describe("the palette", () => {
  it("has every command but those that need a cursor", () => {
    const offered = new Set(names(""));
    const missing = bindings.map(({ name }) => name).filter((name) => !offered.has(name));
    expect(missing).toEqual(["down", "up", "page-down", "page-up", "open", "pane", "palette"]);
  });

  it("finds by the beginning of a name first, then by words anywhere", () => {
    expect(names("re")[0]).toBe("replay");
    expect(names("copy cu")[0]).toBe("copy curl");
    expect(names("certificates")).toEqual(["services"]);
    expect(names("zebra")).toEqual([]);
  });

  it("offers to show only what is like the row, or to hide it", () => {
    expect(names("only")).toContain("only from:intruder-1");
    expect(names("hide")).toContain("hide verdict:denied");
    const [choice] = matchChoices(choicesFor(keymap, denied, known, "all"), "hide status");
    expect(choice?.action).toEqual({ kind: "set-filter", text: "!status:403" });
  });

  it("takes what is typed behind filter and save", () => {
    expect(matchChoices([], "filter from:web status:4xx")[0]?.action).toEqual({
      kind: "set-filter",
      text: "from:web status:4xx",
    });
    expect(matchChoices([], "save @mine")[0]?.action).toEqual({ kind: "save-filter", name: "mine" });
    expect(matchChoices([], "filter nothing")[0]?.action).toEqual({ kind: "set-filter", text: "" });
  });

  it("offers only what the row can do", () => {
    const ofLog = choicesFor(keymap, { kind: "event", event: logged(1, "x") }, known, "all").map(({ name }) => name);
    expect(ofLog).not.toContain("replay");
    expect(ofLog).not.toContain("edit");
    expect(choicesFor(keymap, undefined, known, "copy").map(({ name }) => name)).toContain("copy json");
  });
});

describe("the row under the cursor", () => {
  it("knows the line of YAML that decided", () => {
    expect(placeOf(denied)).toMatchObject({ file: "mesh/authz.yaml" });
    expect(placeOf({ kind: "event", event: plaintext(1) })).toMatchObject({ file: expect.stringContaining("mesh/") });
    expect(placeOf({ kind: "problem", problem })).toMatchObject(problem.at ?? {});
    expect(placeOf({ kind: "event", event: logged(1, "x") })).toBeUndefined();
    expect(has(denied, "exchange")).toBe(true);
    expect(has({ kind: "event", event: plaintext(1) }, "exchange")).toBe(false);
  });

  it("gives terms that match it, whatever is in its path", () => {
    for (const path of ["/", "/api/data", "/api/", "/a b", '/a"b', "/x?token=1&y=2", "/(a|b)", "//"]) {
      const event = exchange(1, { path });
      for (const text of termsOf({ kind: "event", event })) {
        const parsed = parseFilter(text);
        expect(parsed.ok && parsed.match(event), `${text} for ${path}`).toBe(true);
      }
    }
    const [workload] = meshState().workloads;
    if (workload === undefined) throw new Error("the fixture has workloads");
    expect(termsOf({ kind: "workload", workload })).toEqual([`svc:${workload.service}`]);
    expect(term("request", "a b")).toBe('request:"a b"');
  });
});

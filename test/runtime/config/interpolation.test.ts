import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { interpolate, lookupIn } from "../../../runtime/config/interpolation.ts";

const env = { SET: "v", EMPTY: "", HOME: "/h" };

describe("variables in the project file", () => {
  // The table of Compose's interpolation: unset, empty and set for each operator.
  it.each([
    ["${SET} $SET$SET", "v vv"],
    ["${NONE-d} ${EMPTY-d} ${SET-d}", "d  v"],
    ["${NONE:-d} ${EMPTY:-d} ${SET:-d}", "d d v"],
    ["${NONE+r}|${EMPTY+r}|${SET+r}", "|r|r"],
    ["${NONE:+r}|${EMPTY:+r}|${SET:+r}", "||r"],
    ["${NONE:-${EMPTY:-${SET}}}", "v"],
    ["${NONE:-$HOME/x}", "/h/x"],
    ["${SET?e} ${SET:?e} [${EMPTY?e}]", "v v []"],
    ["5$$ $$SET $${SET}", "5$ $SET ${SET}"],
    ["${NONE:-a b:c}", "a b:c"],
    ["none", "none"],
  ])("%s is %s", (text, expected) => {
    expect(interpolate(text, lookupIn(env))).toEqual({ text: expected, unset: [], faults: [] });
  });

  it.each([
    ["${NONE?set it}", "NONE must be set: set it"],
    ["${EMPTY:?}", "EMPTY must be set"],
    ["${NONE:?${SET} is not enough}", "NONE must be set: v is not enough"],
    ["${A!b}", "${A!b} is not a variable; a dollar sign is written $$"],
    ["${A", "${A is not a variable; a dollar sign is written $$"],
    ["^foo$", "$ is not a variable; a dollar sign is written $$"],
    ["$1", "$1 is not a variable; a dollar sign is written $$"],
  ])("%s is refused", (text, fault) => {
    expect(interpolate(text, lookupIn(env)).faults).toEqual([fault]);
  });

  it("names what is not set", () => {
    expect(interpolate("${A}-$B-${C:-${D}}", lookupIn(env)).unset).toEqual(["A", "B", "D"]);
  });

  it("gives back any text whose dollar signs are doubled, and never throws", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        interpolate(text, lookupIn(env));
        expect(interpolate(text.replaceAll("$", "$$$$"), lookupIn(env)).text).toBe(text);
      }),
    );
  });
});

import { describe, expect, it } from "vitest";
import { chooseLook } from "../../cli/context.ts";
import { lineText, paint, seg } from "../../cli/print/segment.ts";

function look(env: Readonly<Record<string, string>>, isTerminal = true) {
  return chooseLook({ env, platform: "linux", columns: 80, isTerminal }, "auto");
}

describe("how text is printed", () => {
  it.each([
    [{}, true, "dark"],
    [{}, false, "none"],
    [{ NO_COLOR: "1" }, true, "none"],
    [{ NO_COLOR: "" }, true, "dark"],
    [{ TERM: "dumb" }, true, "none"],
    [{ FORCE_COLOR: "1" }, false, "dark"],
    [{ COLORFGBG: "0;15" }, true, "light"],
    [{ COLORFGBG: "0;default;15" }, true, "light"],
    [{ COLORFGBG: "15;0" }, true, "dark"],
    [{ COLORFGBG: "0;15", NO_COLOR: "1" }, true, "none"],
  ] as const)("%j on a terminal (%s): %s", (env, isTerminal, color) => {
    expect(look(env, isTerminal).color).toBe(color);
  });

  it.each([
    [{ LANG: "C.UTF-8" }, true],
    [{ LANG: "en_US.utf8" }, true],
    [{ LANG: "de_DE.ISO-8859-1" }, false],
    [{ LANG: "en_US.UTF-8", LC_ALL: "C" }, false],
    [{}, false],
    [{ LANG: "C.UTF-8", TERM: "linux" }, false],
  ] as const)("%j: UTF-8 %s", (env, unicode) => {
    expect(look(env).unicode).toBe(unicode);
  });

  it("uses no yellow and no cyan on a light background, and says the same in every palette", () => {
    const line = [seg("a", "warn"), seg("b", "info"), seg("c", "title"), seg("d", "bad"), seg("e", "good")];
    expect(paint(line, "light")).not.toMatch(/\u001b\[3[36]m/);
    expect(paint(line, "dark")).toMatch(/\u001b\[33m/);
    expect(paint(line, "none")).toBe(lineText(line));
  });
});

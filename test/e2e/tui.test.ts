import { describe, expect, it } from "vitest";
import { createSampleProject } from "./support/project.ts";
import { openTerminal, whyNoTerminal } from "./support/terminal.ts";

const reason = whyNoTerminal();

describe.skipIf(reason !== undefined)(`the terminal UI${reason === undefined ? "" : ` (${reason})`}`, () => {
  for (const [columns, rows] of [
    [80, 24],
    [120, 40],
  ] as const) {
    it(`shows an allow, a deny and a refused plaintext connection at ${columns}×${rows}, and leaves cleanly`, async () => {
      await using project = await createSampleProject();
      using terminal = openTerminal(project, columns, rows, ["up"]);
      await terminal.shows(/gen(eration)? 1 live/);
      terminal.press("2");
      const screen = await terminal.shows(/ALLOW/, /DENY/, /TLS-FAIL/);
      expect(screen.split("\n").every((line) => line.length <= columns)).toBe(true);
      expect(screen).toContain("/api/data");
      terminal.press("Ctrl-C", "Ctrl-C");
      expect(await terminal.ended()).toMatchObject({ exitCode: 0 });
      expect(await terminal.isAlternate()).toBe(false);
      expect(await project.meshdev("ps")).toMatchObject({ code: 9 });
    });
  }

  it("says why: from start to the clause that denied in four keys", async () => {
    await using project = await createSampleProject();
    using terminal = openTerminal(project, 120, 40, ["up"]);
    await terminal.shows(/gen(eration)? 1 live/);
    terminal.press("2");
    await terminal.shows(/DENY/);
    terminal.press("f");
    terminal.press("verdict:denied", "Enter");
    await terminal.shows(/verdict:denied \(\d+ of \d+\)/);
    terminal.press("w");
    expect(await terminal.shows(/meshdev why/, /backend-allow/, /principals/)).toMatch(/backend\.yaml:\d+/);
    terminal.press("s");
    expect(await terminal.shows(/meshdev suggest r-/, /\* the call is one of these/)).toMatch(/backend\.yaml:\d+/);
  });

  it("shows a broken file with its place while the last good generation stays live", async () => {
    await using project = await createSampleProject();
    using terminal = openTerminal(project, 120, 40, ["up"]);
    await terminal.shows(/gen(eration)? 1 live/);
    project.write("mesh/backend.yaml", project.read("mesh/backend.yaml").replace("mode: STRICT", "mode: STRIKT"));
    await terminal.shows(/1 problem/);
    terminal.press("6");
    expect(await terminal.shows(/backend\.yaml:11:11/, /STRIKT/)).toMatch(/still running gen(eration)? 1/);
  });

  it("survives a storm of resizes", async () => {
    await using project = await createSampleProject();
    using terminal = openTerminal(project, 120, 40, ["up"]);
    await terminal.shows(/gen(eration)? 1 live/);
    for (let step = 0; step < 20; step += 1) terminal.resize(40 + ((step * 37) % 120), 10 + ((step * 13) % 40));
    terminal.resize(100, 30);
    expect(await terminal.shows(/gen(eration)? 1 live/)).toMatch(/q stop *\n*$/);
  });
});

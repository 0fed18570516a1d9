import { readlinkSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { stripVTControlCharacters } from "node:util";
import { describe, expect, it, vi } from "vitest";
import { cli, createSampleProject, processesOf, until } from "./support/project.ts";
import { openTerminal, whyNoTerminal, type Terminal } from "./support/terminal.ts";

const reason = whyNoTerminal();

/** Live on every sidecar: everything is there that a screen can show. */
const live = /gen(eration)? \d+ live/;
const longer = 240_000;

/** Sequences that erase a whole screen: each of them is a flicker. */
function clears(bytes: string): number {
  // oxlint-disable-next-line no-control-regex
  return bytes.match(/\u001b\[[023]?J/g)?.length ?? 0;
}

/** Everything on the screen belongs there: header, tabs, keys, and nothing beside them. */
function expectWhole(screen: string, columns: number, rows: number): void {
  const lines = screen.split("\n");
  expect(lines).toHaveLength(rows);
  expect(lines[0]).toMatch(/gen(eration)? \d+/);
  expect(lines[1]).toMatch(/^ 1 Ser(vices)? 2 Tra(ffic)? 3 TLS 4 Pol(icy)? 5 Logs? 6 Pro(blems)?/);
  expect(lines[rows - 2]).toMatch(/\? help {2}q (stop|leave)$/);
  expect(lines[rows - 1]).toBe("");
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(columns);
}

/** The last row of a view, and the words that its empty list would have. */
async function walkViews(terminal: Terminal, columns: number, rows: number): Promise<void> {
  const views: readonly (readonly [key: string, shows: RegExp])[] = [
    ["1", /NAME.*STATE/],
    ["2", /VERDICT/],
    ["3", /RESULT|WHAT/],
    ["4", /NAME.*(DOES|KIND)|KIND.*NAME/],
    ["5", /LINE|FROM/],
    ["6", /No problems/],
  ];
  for (const [key, shows] of views) {
    terminal.press(key);
    await terminal.shows(shows);
    await vi.waitFor(async () => expectWhole(await terminal.screen(), columns, rows), { timeout: 30_000 });
  }
}

describe.skipIf(reason !== undefined)(
  `the built CLI in a terminal${reason === undefined ? "" : ` (${reason})`}`,
  () => {
    it(
      "shows whole screens in every view and size, through a storm of sizes, without ever clearing",
      async () => {
        await using project = await createSampleProject();
        using terminal = openTerminal(project, 80, 24, ["up"]);
        await terminal.shows(live, /DENY/);
        const start = terminal.bytes().length;
        await walkViews(terminal, 80, 24);
        expect(clears(terminal.bytes().slice(start))).toBe(0);
        for (const [columns, rows] of [
          [120, 40],
          [200, 60],
          [40, 12],
        ] as const) {
          for (let step = 0; step < 10; step += 1) terminal.resize(40 + ((step * 37) % 120), 8 + ((step * 13) % 40));
          terminal.resize(columns, rows);
          terminal.press("Esc", "2");
          await vi.waitFor(async () => expectWhole(await terminal.screen(), columns, rows), { timeout: 30_000 });
          const settled = terminal.bytes().length;
          await walkViews(terminal, columns, rows);
          expect(clears(terminal.bytes().slice(settled))).toBe(0);
        }
        terminal.resize(36, 6);
        await terminal.shows(/too small; --plain works/);
      },
      longer,
    );

    it("shows what comes from outside as text: CJK, emoji, escapes in paths and headers", async () => {
      await using project = await createSampleProject();
      using terminal = openTerminal(project, 120, 40, ["up"]);
      await terminal.shows(live);
      const start = terminal.bytes().length;
      for (const path of ["/日本語/👍🏽", "/\u009b2J\u009d0;owned\u0007", "/%1b%5b2J", "/a\u200bb\u202ec"]) {
        const socket = connect(project.port, "127.0.0.1");
        socket.on("error", () => undefined);
        socket.write(
          `GET ${path} HTTP/1.1\r\nHost: x\u009b31m\r\nX-Request-Id: id\u001b[2J\r\nX-Evil: \u001b]0;owned\u0007\r\nConnection: close\r\n\r\n`,
        );
        await new Promise((done) => socket.resume().on("close", done));
      }
      terminal.press("f", "to:frontend", "Enter");
      const screen = await terminal.shows(/to:frontend \(\d+ of/, /outside|127\.0\.0\.1/);
      expectWhole(screen, 120, 40);
      const bytes = terminal.bytes().slice(start);
      expect(bytes).not.toContain("owned\u0007");
      // oxlint-disable-next-line no-control-regex
      expect(bytes).not.toMatch(/[\u0080-\u009f]/);
      expect(clears(bytes)).toBe(0);
    });

    it("has no colour with NO_COLOR, some without, and ASCII of its own where the locale is not UTF-8", async () => {
      await using project = await createSampleProject();
      // oxlint-disable-next-line no-control-regex
      const coloured = /\u001b\[(?:3[0-7]|9[0-7])m/;
      using plain = openTerminal(project, 80, 24, ["up"], { env: { LANG: "C" } });
      expect(await plain.shows(live, /DENY/)).toMatch(/^[ -~\n]*$/);
      expect(plain.bytes()).not.toMatch(coloured);
      using other = openTerminal(project, 80, 24, ["attach"], { env: { NO_COLOR: undefined } });
      expect(await other.shows(live, /DENY/)).toContain("→");
      expect(other.bytes()).toMatch(coloured);
      other.press("q");
      expect(await other.ended()).toMatchObject({ exitCode: 0 });
    });

    it("prints lines without any escape on a dumb terminal", async () => {
      await using project = await createSampleProject();
      using terminal = openTerminal(project, 100, 30, ["up"], { env: { TERM: "dumb", NO_COLOR: undefined } });
      await terminal.shows(/DENY/);
      expect(stripVTControlCharacters(terminal.bytes())).toBe(terminal.bytes());
      terminal.press("Ctrl-C");
      expect(await terminal.ended()).toMatchObject({ exitCode: 130 });
    });

    it.skipIf(process.platform === "win32")(
      "is suspended by Ctrl-Z, comes back with fg, and draws everything",
      async () => {
        await using project = await createSampleProject();
        using terminal = openTerminal(project, 100, 30, [], { program: ["/bin/sh", "-i"], env: { PS1: "shell> " } });
        await terminal.shows(/shell>/);
        terminal.press(`${process.execPath} ${cli} up`, "Enter");
        await terminal.shows(live);
        terminal.press("Ctrl-Z");
        await terminal.shows(/shell>$/m);
        expect(await terminal.isAlternate()).toBe(false);
        terminal.press("echo $((40 + 2))", "Enter");
        await terminal.shows(/^42$/m);
        terminal.press("fg", "Enter");
        expectWhole(await terminal.shows(live, /q stop/), 100, 30);
        expect(await terminal.isAlternate()).toBe(true);
        terminal.press("Ctrl-C", "Ctrl-C");
        await terminal.shows(/stopped/, /shell>$/m);
        terminal.press("echo status $?", "Enter");
        await terminal.shows(/^status 0$/m);
      },
      longer,
    );

    it.skipIf(process.platform !== "linux")("draws again over what another program wrote, by Ctrl-R", async () => {
      await using project = await createSampleProject();
      using terminal = openTerminal(project, 80, 24, ["up"]);
      await terminal.shows(live);
      terminal.press("6");
      await terminal.shows(/No problems/);
      writeFileSync(readlinkSync(`/proc/${terminal.pid}/fd/1`), "\u001b[10;1Hgarbage\u001b[12;5Hmore garbage");
      await terminal.shows(/more garbage/);
      terminal.press("Ctrl-R");
      await until("the garbage to go", async () => {
        const screen = await terminal.screen();
        return /No problems/.test(screen) && !screen.includes("garbage") ? true : undefined;
      });
      expectWhole(await terminal.screen(), 80, 24);
    });

    it.each(["SIGHUP", "SIGTERM"] as const)(
      "ends on %s with the terminal as it was and nothing left",
      async (signal) => {
        await using project = await createSampleProject();
        using terminal = openTerminal(project, 80, 24, ["up"]);
        await terminal.shows(live);
        process.kill(terminal.pid, signal);
        expect(await terminal.ended()).toMatchObject({ exitCode: signal === "SIGHUP" ? 129 : 143 });
        expect(await terminal.isAlternate()).toBe(false);
        expect(terminal.bytes().lastIndexOf("\u001b[?25h")).toBeGreaterThan(
          terminal.bytes().lastIndexOf("\u001b[?25l"),
        );
        if (process.platform === "linux")
          await until("every process to end", () => (processesOf(project).length === 0 ? true : undefined));
      },
    );

    it("gives the terminal back when it breaks, and then says why", async () => {
      await using project = await createSampleProject();
      // A fault of ours, from outside: an exception that nobody expects, in this process only.
      const fault = `data:text/javascript,process.on("SIGUSR2",()=>{throw new Error("a wheel came off")})`;
      using terminal = openTerminal(project, 80, 24, [], { program: [process.execPath, "--import", fault, cli, "up"] });
      await terminal.shows(live);
      process.kill(terminal.pid, "SIGUSR2");
      expect(await terminal.ended()).toMatchObject({ exitCode: 1 });
      expect(await terminal.isAlternate()).toBe(false);
      expect(await terminal.screen()).toContain("a wheel came off");
    });
  },
);

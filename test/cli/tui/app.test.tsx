import { builtInFilters } from "../../../runtime/store/filter.ts";
import { render, type Instance } from "ink";
import { afterEach, describe, expect, it, vi } from "vitest";
import { App } from "../../../cli/tui/app.tsx";
import { createController, type Leaving } from "../../../cli/tui/controller.ts";
import { createKeymap } from "../../../cli/tui/keymap.ts";
import { createFeed, type Feed } from "../../../cli/tui/feed.ts";
import { exchange, meshState, minute, refusal, startedAt, stateLine, streamed } from "../support/synthetic.ts";
import { createTerminal, type FakeTerminal } from "../support/terminal.ts";

let instance: Instance | undefined;
afterEach(() => {
  instance?.unmount();
  instance = undefined;
});

function start(
  columns: number,
  rows: number,
): { readonly terminal: FakeTerminal; readonly feed: Feed; readonly left: Leaving[] } {
  const terminal = createTerminal(columns, rows);
  const feed = createFeed();
  const left: Leaving[] = [];
  const effects = {
    leave: (how: Leaving) => void left.push(how),
    restart: () => Promise.resolve("done"),
    redraw: () => undefined,
    repaint: () => undefined,
    suspend: () => undefined,
    edit: () => Promise.resolve({ words: "", changed: false }),
    replay: () => Promise.resolve({ ok: false, code: "MD7011", message: "no mesh here" } as const),
    copy: () => Promise.resolve("copied"),
    text: () => ({ title: "", lines: Promise.resolve([]) }),
    saveFilter: () => "",
    namedFilters: () => builtInFilters,
  };
  const setting = {
    look: { color: "dark" as const, unicode: true, columns },
    own: true,
    filter: "",
    keymap: createKeymap(),
    now: () => Date.parse(startedAt),
  };
  instance = render(
    <App
      feed={feed}
      controller={createController(feed, setting, effects)}
      terminal={terminal.stdout}
      bind={() => undefined}
    />,
    {
      stdout: terminal.stdout,
      stdin: terminal.stdin,
      alternateScreen: true,
      incrementalRendering: true,
      maxFps: 15,
      exitOnCtrlC: false,
      interactive: true,
      patchConsole: false,
    },
  );
  return { terminal, feed, left };
}

function play(feed: Feed, events = minute()): void {
  for (const line of [stateLine(meshState()), ...streamed(events)]) feed.apply(line);
}

/** A busy machine draws late. */
function eventually(check: () => void | Promise<void>): Promise<void> {
  return vi.waitFor(check, { timeout: 15_000 });
}

/** Erasing the whole screen makes it flicker; erasing to the right of the cursor does not. */
function clears(bytes: string): number {
  return bytes.split("\u001b[2J").length + bytes.split("\u001b[J").length + bytes.split("\u001b[0J").length - 3;
}

describe("the screen in a terminal", () => {
  it.each([
    [80, 24],
    [120, 40],
    [40, 12],
    [200, 60],
  ])("looks right at %i×%i and leaves the last line of the terminal alone", async (columns, rows) => {
    const { terminal, feed } = start(columns, rows);
    play(feed, [exchange(1), refusal(2)]);
    await eventually(async () => {
      const screen = await terminal.screen();
      expect(screen[0]).toContain("gen 14 live 4/4".slice(0, columns < 80 ? 15 : 3));
      expect(screen.join("\n")).toMatch(/▶.*DENY/);
      expect(screen[rows - 1]).toBe("");
      expect(screen[rows - 2]).toMatch(/Enter open/);
    });
    expect(await terminal.isAlternate()).toBe(true);
  });

  it("follows keys, and gives the terminal back as it was", async () => {
    const { terminal, feed, left } = start(80, 24);
    play(feed);
    await eventually(async () => expect((await terminal.screen()).join("\n")).toContain("ALLOW"));
    terminal.type("1");
    await eventually(async () => expect((await terminal.screen()).join("\n")).toContain("localhost:3000"));
    terminal.type("?");
    await eventually(async () => expect((await terminal.screen()).join("\n")).toContain("Esc closes this help"));
    terminal.type("\u001b");
    await eventually(async () => expect((await terminal.screen()).join("\n")).not.toContain("Esc closes this help"));
    terminal.type("\u0003");
    await eventually(async () => expect((await terminal.screen()).join("\n")).toContain("Ctrl-C again"));
    terminal.type("\u0003");
    await eventually(() => expect(left).toEqual(["stop"]));
    instance?.unmount();
    expect(await terminal.isAlternate()).toBe(false);
    expect(terminal.bytes()).toContain("\u001b[?25h");
  });

  it("never clears the screen while events stream in, and draws far less often than they come", async () => {
    const { terminal, feed } = start(120, 40);
    play(feed);
    await eventually(async () => expect((await terminal.screen()).join("\n")).toContain("ALLOW"));
    const before = terminal.bytes().length;
    for (let number = 100; number < 5_100; number++)
      for (const line of streamed([exchange(number, { path: `/api/${number}` })])) feed.apply(line);
    await eventually(async () => expect((await terminal.screen()).join("\n")).toContain("/api/5099"));
    expect(clears(terminal.bytes().slice(before))).toBe(0);
    expect(terminal.bytes().length - before).toBeLessThan(60_000);
  });

  it("survives a storm of sizes and ends with a whole screen", async () => {
    const { terminal, feed } = start(120, 40);
    play(feed);
    for (let step = 0; step < 30; step++) terminal.resize(30 + ((step * 37) % 150), 6 + ((step * 13) % 50));
    terminal.resize(80, 24);
    await eventually(async () => {
      const screen = await terminal.screen();
      expect(screen[1]).toMatch(/^ 1 Services 2 Traffic/);
      expect(screen[22]).toMatch(/^ Enter open/);
    });
  });

  it("shows hostile bytes as text", async () => {
    const { terminal, feed } = start(120, 40);
    play(feed, [exchange(1, { path: "/\u001b[2J\u001b]0;owned\u0007/\u009b31m" })]);
    await eventually(async () => expect((await terminal.screen()).join("\n")).toContain("x1b"));
    expect(terminal.bytes()).not.toContain("\u001b]0;");
    expect(terminal.bytes()).not.toContain("\u009b");
  });
});

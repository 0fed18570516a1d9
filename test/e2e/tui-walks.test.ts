import { get } from "node:http";
import { chmodSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createSampleProject, until } from "./support/project.ts";
import { openTerminal, whyNoTerminal, type Terminal } from "./support/terminal.ts";

const reason = whyNoTerminal();
/** Every program runs, and what they do is obeyed everywhere. */
const live = /gen(eration)? \d+ live.* 4 up/;

/** Presses single keys, one after the other, as a person does: each after having seen what the last one did. Counts them. */
function hand(terminal: Terminal): {
  readonly press: (key: string) => Promise<string>;
  readonly pressed: () => number;
} {
  let pressed = 0;
  return {
    press: async (key) => {
      pressed += 1;
      const before = terminal.bytes().length;
      terminal.press(key);
      await until("the screen to change", () => (terminal.bytes().length > before ? true : undefined));
      return terminal.screen();
    },
    pressed: () => pressed,
  };
}

/** The row under the cursor. */
function chosen(screen: string): string {
  return screen.split("\n").find((line) => line.startsWith("▶")) ?? "";
}

/** From the start to a 403 under the cursor: only refusals, and up to it. */
async function findDenial(keys: ReturnType<typeof hand>, terminal: Terminal): Promise<void> {
  await keys.press("!");
  await terminal.shows(/@denials \(\d+ of/);
  for (let up = 0; up < 2 && !/DENY.*403/.test(chosen(await terminal.screen())); up += 1) {
    const before = chosen(await terminal.screen());
    await keys.press("k");
    await until("the cursor to move", async () => (chosen(await terminal.screen()) === before ? undefined : true));
  }
  expect(chosen(await terminal.screen())).toMatch(/DENY.*403/);
}

describe.skipIf(reason !== undefined)(`walks${reason === undefined ? "" : ` (${reason})`}`, () => {
  it("from the start to the reason of a 403 in at most four keys", async () => {
    await using project = await createSampleProject();
    using terminal = openTerminal(project, 120, 40, ["up"]);
    await terminal.shows(live, /DENY/);
    const keys = hand(terminal);
    await findDenial(keys, terminal);
    await keys.press("w");
    const screen = await terminal.shows(/backend-allow/, /source\.principals/, /sa\/intruder/);
    expect(screen).toMatch(/backend\.yaml:26:13/);
    expect(keys.pressed()).toBeLessThanOrEqual(4);

    // The policy tests of the project, in the words of the command.
    await keys.press("\u001b");
    // Whatever changed the screen first: a key that follows an escape at once is read as one with it.
    await until("the text to be closed", async () => !(await terminal.screen()).includes("Esc closes") || undefined);
    await keys.press("t");
    await terminal.shows(/meshdev test/, /mesh\/backend\.mesh-test\.yaml {2}17 cases/, /17 passed, 0 failed/);
  });

  it("from a 403 through the editor, a fix and its reload to the allowed request in at most eight keys", async () => {
    await using project = await createSampleProject();
    // By its name an editor that takes +LINE. It says where it is, takes its time, waits for a key, and mends the line that it was given.
    project.write(
      "bin/vi",
      `#!/bin/sh\nprintf 'editing %s at %s\\n' "$2" "$1"\nuntil [ -e typed ]; do sleep 0.01; done\nread -r key\nsed -i.old "\${1#+}s|sa/frontend|sa/*|" "$2"\n`,
    );
    const editor = join(project.directory, "bin/vi");
    chmodSync(editor, 0o755);
    using terminal = openTerminal(project, 120, 40, ["up"], { env: { EDITOR: editor } });
    await terminal.shows(live, /DENY/);
    const keys = hand(terminal);
    await findDenial(keys, terminal);
    await keys.press("e");
    await terminal.shows(/editing .*backend\.yaml at \+26/);
    expect(await terminal.isAlternate()).toBe(false);
    // What is typed while the editor starts is the editor's.
    await keys.press("ahead");
    terminal.press("Enter");
    await terminal.shows(/^ahead$/m);
    project.write("typed", "");
    await terminal.shows(/backend\.yaml saved; generation 2 live on 3\/3 proxies/);
    expect(await terminal.isAlternate()).toBe(true);
    await keys.press("r");
    expect(await terminal.shows(/sent again: 200 ALLOW in generation 2; was 403 DENY/)).toMatch(live);
    await keys.press("!");
    await terminal.shows(/replay of r-/);
    expect(chosen(await terminal.screen())).toMatch(/ALLOW.*intruder-1.*200/);
    expect(keys.pressed()).toBeLessThanOrEqual(8);
    expect(await terminal.shows(/gen 2 .* flips \d+ of \d+/)).toMatch(live);
    await keys.press("d");
    await terminal.shows(/this save flips \d+ of \d+ calls/, /DENY > ALLOW {2}intruder-1/, /after {2}allow {2}by/);
    await keys.press("Esc");
    await terminal.shows(live);
  });

  it("to the service whose certificate expires next", async () => {
    await using project = await createSampleProject();
    using terminal = openTerminal(project, 120, 40, ["up"]);
    await terminal.shows(live);
    const keys = hand(terminal);
    await keys.press("1");
    const screen = await terminal.shows(/CERT/, /frontend-1 .*ready/);
    const left = screen.split("\n").flatMap((line) => {
      const found = /^[ ▶] (\S+-1) .*?\b(?:(\d+)h)?(\d+)m\b/.exec(line);
      return found === null ? [] : [{ id: found[1], minutes: 60 * Number(found[2] ?? 0) + Number(found[3]) }];
    });
    const { workloads } = JSON.parse((await project.meshdev("ps", "-o", "json")).stdout) as {
      readonly workloads: readonly {
        readonly id: string;
        readonly certificate: { readonly notAfter: string } | null;
      }[];
    };
    const real = workloads.filter(({ certificate }) => certificate !== null);
    const next = real.toSorted((a, b) =>
      (a.certificate?.notAfter ?? "").localeCompare(b.certificate?.notAfter ?? ""),
    )[0];
    expect(new Set(left.map(({ id }) => id))).toEqual(new Set(real.map(({ id }) => id)));
    expect(left.find(({ id }) => id === next?.id)?.minutes).toBe(Math.min(...left.map(({ minutes }) => minutes)));
    expect(keys.pressed()).toBe(1);
  });

  it("along one request from the frontend to the backend, by one key", async () => {
    await using project = await createSampleProject();
    using terminal = openTerminal(project, 120, 40, ["up"]);
    await terminal.shows(live);
    await new Promise((done, failed) => {
      get({ host: "127.0.0.1", port: project.port, path: "/", headers: { "x-request-id": "walk-1" } }, (answer) => {
        answer.resume().on("end", done);
      }).on("error", failed);
    });
    terminal.press("f", "to:frontend", "Enter");
    await terminal.shows(/to:frontend \([1-9]\d* of/);
    const keys = hand(terminal);
    await keys.press("o");
    const screen = await terminal.shows(/hop 2 of 2 of one request/);
    expect(chosen(screen)).toMatch(/frontend-1 → backend-1 +GET \/api\/data/);
    expect(screen).toMatch(/filter: request:walk-1 \(2 of/);
    await keys.press("o");
    expect(chosen(await terminal.shows(/hop 1 of 2/))).toMatch(/→ frontend-1 +GET \//);
    await keys.press("Esc");
    expect(await terminal.shows(/filter: to:frontend/)).toMatch(live);
  });
});

import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { Feed } from "../../cli/tui/feed.ts";
import { connectTo } from "../../runtime/control/client.ts";
import { createSubscribers } from "../../runtime/control/subscribers.ts";
import { eventfulNow, eventfulPast, eventfulPresent, eventfulState } from "../cli/support/eventful.ts";
import { stage } from "../cli/support/stage.ts";
import { cli, createProject } from "./support/project.ts";
import { openSyntheticMesh } from "./support/synthetic-mesh.ts";
import { openTerminal, whyNoTerminal } from "./support/terminal.ts";

const reason = whyNoTerminal();
const views = ["services", "traffic", "tls", "policy", "logs", "problems"] as const;
/** In this process only, from outside: the built CLI as it is, at a time that stands still. */
const clock = `data:text/javascript,Date.now=()=>${eventfulNow}`;

// Rows show local time; the screens of the golden files were drawn in this zone.
beforeAll(() => vi.stubEnv("TZ", "UTC"));
afterAll(() => vi.unstubAllEnvs());

/** Reads as many lines as the mesh has to tell, as every screen does. */
async function readInto(feed: Feed, control: string): Promise<void> {
  await using client = connectTo(control);
  let left = 1 + eventfulPast().length + eventfulPresent().length;
  for await (const line of client.events({ replay: true })) {
    feed.apply(line);
    left -= 1;
    if (left === 0) return;
  }
}

describe.skipIf(reason !== undefined)(
  `whole screens of the built CLI${reason === undefined ? "" : ` (${reason})`}`,
  () => {
    it.each([
      [80, 24],
      [120, 40],
      [40, 12],
      [200, 60],
    ])("are line by line what the golden files say at %i×%i", async (columns, rows) => {
      await using project = createProject({ "meshdev.yaml": "services: {}\n" }, { TZ: "UTC" });
      await using mesh = await openSyntheticMesh(project, (sink, { headers }) => {
        const subscribers = createSubscribers();
        const subscription = subscribers.add(sink, { headers, state: eventfulState(), past: eventfulPast() });
        for (const event of eventfulPresent()) subscribers.publish(event);
        return Promise.resolve(subscription);
      });
      using terminal = openTerminal(project, columns, rows, [], {
        program: [process.execPath, "--import", clock, cli, "attach"],
      });
      // The same frames without a terminal tell when everything has come and is drawn, whatever the golden files say.
      const drawn = stage({ columns, rows }, { own: false, now: () => eventfulNow });
      await readInto(drawn.feed, mesh.control);
      // Typed ahead, and echoed by the terminal: it must shift nothing.
      terminal.press("1");
      await terminal.shows(/DENIED/);
      for (const [at, view] of views.entries()) {
        terminal.press(String(at + 1));
        drawn.type(String(at + 1));
        // The last line of a terminal is left alone.
        const whole = `${drawn.show()}\n`;
        await vi.waitFor(async () => expect(await terminal.screen()).toBe(whole), { timeout: 30_000 });
        await expect(`${await terminal.screen()}\n`).toMatchFileSnapshot(
          `../golden/screens/${view}-${columns}x${rows}.txt`,
        );
      }
    });
  },
);

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { seg, type Line } from "../../../cli/print/segment.ts";
import { widthOf } from "../../../cli/print/width.ts";
import { play, stage } from "../support/stage.ts";
import {
  exchange,
  logged,
  meshState,
  minute,
  plaintext,
  problem,
  refusal,
  startedAt,
  streamed,
} from "../support/synthetic.ts";

const wide = { columns: 120, rows: 40 };
const usual = { columns: 80, rows: 24 };

describe("frames", () => {
  it("are one row lower than the terminal, and every line exactly as wide, at any size and in any view", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 200 }),
        fc.integer({ min: 1, max: 70 }),
        fc.array(
          fc.constantFrom(
            "1",
            "2",
            "3",
            "4",
            "5",
            "6",
            "j",
            "k",
            "g",
            "G",
            "return",
            "escape",
            "tab",
            "w",
            "?",
            "f",
            "x",
            "/",
            " ",
            "q",
            "pagedown",
            "ctrl+l",
          ),
          { maxLength: 12 },
        ),
        fc.boolean(),
        (columns, rows, keys, unicode) => {
          const { feed, type, controller } = stage({ columns, rows }, { unicode });
          play(
            feed,
            [...minute(), exchange(70, { path: "/日本語/👍🏽/\u001b[2J" }), logged(71, "long ".repeat(60))],
            meshState({ problems: [problem] }),
          );
          type(...keys);
          const { lines } = controller.draw({ columns, rows });
          expect(lines.length).toBeLessThanOrEqual(Math.max(1, rows - 1));
          for (const line of lines) expect(widthOf(line)).toBe(columns);
          // oxlint-disable-next-line no-control-regex
          for (const line of lines) expect(line).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
          if (!unicode) for (const line of lines) expect(line.replaceAll(/日|本|語|👍🏽/gu, "")).toMatch(/^[ -~]*$/);
        },
      ),
      { numRuns: 150 },
    );
  });

  it("show the mesh, the tabs, rows and keys", () => {
    const { feed, show } = stage(usual);
    play(feed);
    const lines = show().split("\n");
    expect(lines).toHaveLength(23);
    expect(lines[0]).toContain("gen 14 live 4/4 (21 ms)  4 up  12 denied");
    expect(lines[1]).toBe(" 1 Services 2 Traffic 3 TLS 4 Policy 5 Logs 6 Problems");
    expect(lines[2]).toContain("VERDICT  FROM → TO");
    expect(lines.at(-1)).toContain("Enter open  w why");
  });

  it("say the long form of the generation where there is room", () => {
    const { feed, show } = stage({ columns: 160, rows: 40 });
    play(feed);
    expect(show()).toContain("generation 14 live on 4/4 proxies, 21 ms after save");
  });

  it("never pretend that a generation is live, nor hide that a policy is missing", () => {
    const late = stage(wide);
    play(
      late.feed,
      [],
      meshState({
        generation: { number: 15, live: 3, total: 4, waiting: ["backend-1"], ms: null, at: "", changes: [] },
      }),
    );
    expect(late.show()).toContain("gen 15: 3/4, waiting for backend-1");
    const missing = stage(wide);
    play(missing.feed, [], meshState({ missing: ["AuthorizationPolicy default/deny-all"] }));
    expect(missing.show()).toContain("WITHOUT 1 invalid resource");
  });

  it("keep what must not be missed where there is hardly room", () => {
    const { feed, show } = stage({ columns: 40, rows: 12 });
    play(feed, [], meshState({ problems: [problem], dataPlane: { pid: null, restarts: 1, reason: "was killed" } }));
    const [first, second] = show().split("\n");
    expect(first).toMatch(/^ data plane down, restarting {2}gen 14 /);
    expect(second).toBe(" 1 Ser 2 Tra 3 TLS 4 Pol 5 Log 6 Pro");
  });

  it("say for how long a proxy lags behind", () => {
    const { feed, show } = stage(wide, { now: () => Date.parse(startedAt) + 4_000 });
    const generation = { number: 15, live: 3, total: 4, waiting: ["backend-1"], ms: null, at: startedAt, changes: [] };
    play(feed, [], meshState({ generation }));
    expect(show()).toContain("gen 15: 3/4, waiting for backend-1 (4s)");
  });

  it("use only ASCII of their own where the locale asks for it", () => {
    const { feed, show } = stage(wide, { unicode: false });
    play(feed);
    expect(show()).toMatch(/^[ -~\n]*$/);
    expect(show()).toContain("frontend-1 -> backend-1");
  });

  it("keep verdicts as words without colour, and colour them with it", () => {
    const colored = stage(usual, { color: true });
    play(colored.feed);
    expect(colored.controller.draw(usual).lines.join("")).toContain("\u001b[");
    const plain = stage(usual);
    play(plain.feed);
    expect(plain.controller.draw(usual).lines.join("")).not.toContain("\u001b");
    expect(plain.show()).toMatch(/▶ \d\d:\d\d:\d\d (ALLOW|DENY|TLS-FAIL)/);
  });
});

describe("layouts", () => {
  it("show list and detail side by side from 120 columns", () => {
    const { feed, show } = stage(wide);
    play(feed, [refusal(1)]);
    expect(show()).toMatch(/▶.*DENY.*│.*from\.source\.principals wants/);
  });

  it("stack them from 80", () => {
    const { feed, show } = stage(usual);
    play(feed, [refusal(1)]);
    const lines = show().split("\n");
    const rule = lines.findIndex((line) => line.startsWith("───"));
    expect(rule).toBeGreaterThan(3);
    expect(lines.slice(rule).join("\n")).toContain("from.source.principals wants");
  });

  it("show the list alone when small, and the detail on Enter; verdicts never go", () => {
    const { feed, show, type } = stage({ columns: 40, rows: 12 });
    play(feed, [refusal(1)]);
    expect(show()).toContain("DENY");
    expect(show()).not.toContain("wanted");
    type("return");
    expect(show()).toContain("DENY  no ALLOW rule matched");
    type("escape");
    expect(show()).toContain("VERDICT");
  });

  it("say so when there is no room at all", () => {
    expect(stage({ columns: 39, rows: 24 }).show()).toBe("terminal too small; --plain works");
  });
});

describe("walks", () => {
  it("lead from the start to the reason of a 403 in two keys", () => {
    const { feed, show, type } = stage(usual);
    play(feed, [exchange(1), refusal(2), exchange(3)]);
    type("k", "return");
    expect(show()).toContain("from.source.principals wants");
    expect(show()).toContain("mesh/authz.yaml:14:13");
  });

  it("read a text over the screen: it waits for its lines, wraps, scrolls, and goes with Esc", async () => {
    for (const size of [usual, { columns: 40, rows: 12 }]) {
      const lines = Array.from({ length: 60 }, (_, at): Line => [seg(`line ${at} ${"word ".repeat(20)}`)]);
      const come = Promise.withResolvers<readonly Line[]>();
      const asked: unknown[] = [];
      const { feed, show, type } = stage(size, {
        text: (name, subject) => {
          asked.push([name, subject?.kind]);
          return { title: "meshdev why r-2", lines: come.promise };
        },
      });
      play(feed, [exchange(1), refusal(2)]);
      type("w");
      expect(asked).toEqual([["why", "event"]]);
      expect(show().split("\n").slice(2, 4)).toEqual([" meshdev why r-2", " …"]);
      come.resolve(lines);
      await come.promise;
      expect(show()).toMatch(/ meshdev why r-2 {2}1-\d+ of \d+\n line 0 word/);
      for (const line of show().split("\n")) expect(line).not.toContain("…");
      type("pagedown", "j");
      expect(show()).not.toContain("line 0 ");
      type("G");
      expect(show()).toContain("line 59");
      type("g");
      expect(show()).toContain("line 0 ");
      type("escape");
      expect(show()).not.toContain("line 0 ");
      expect(show()).toContain("VERDICT");
    }
  });

  it("say in the text that it cannot be had, and at once when the row has none", async () => {
    const failing = stage(usual, {
      text: () => ({ title: "meshdev why r-1", lines: Promise.reject(new Error("there is no event r-1")) }),
    });
    play(failing.feed, [refusal(1)]);
    failing.type("w");
    await Promise.resolve();
    expect(failing.show()).toContain("there is no event r-1");
    failing.type("q");
    expect(failing.show()).toContain("VERDICT");
    const none = stage(usual, {
      text: () => {
        throw new Error("only requests have a why");
      },
    });
    none.type("w");
    expect(none.show()).toContain("only requests have a why");
  });

  it("keep the text that was asked for last", async () => {
    const first = Promise.withResolvers<readonly Line[]>();
    const second = Promise.withResolvers<readonly Line[]>();
    const pages = [first.promise, second.promise];
    const { feed, show, type } = stage(usual, {
      text: () => ({ title: "meshdev why", lines: pages.shift() ?? Promise.resolve([]) }),
    });
    play(feed, [refusal(1)]);
    type("w", "escape", "w");
    second.resolve([[seg("the second")]]);
    first.resolve([[seg("the first")]]);
    await Promise.all([first.promise, second.promise]);
    expect(show()).toContain("the second");
    expect(show()).not.toContain("the first");
  });

  it("keep the row under the cursor while others come, and count what came while paused", () => {
    const { feed, show, type } = stage(usual);
    play(feed, [exchange(1), refusal(2), exchange(3)]);
    type("k");
    for (const line of streamed(Array.from({ length: 300 }, (_, at) => exchange(at + 10)))) feed.apply(line);
    expect(show()).toMatch(/▶ .* DENY/);
    type(" ");
    for (const line of streamed([exchange(400), exchange(401)])) feed.apply(line);
    expect(show()).toContain("PAUSED 2 new");
    type(" ", "G");
    expect(show()).not.toContain("PAUSED");
  });

  it("filter with a hit count, say when nothing matches, and mark a filter that is not understood", () => {
    const { feed, show, type } = stage(wide);
    play(feed, [exchange(1), refusal(2), exchange(3), plaintext(4)]);
    type("f", ..."verdict:denied", "return");
    expect(show()).toContain("filter: verdict:denied (2 of 4)");
    type("f", "ctrl+u", ..."from:nobody", "return");
    expect(show()).toContain("0 of 4 match from:nobody");
    type("F");
    expect(show()).toContain("filter off");
    type("f", "ctrl+u", ..."nosuch:1");
    expect(show()).toContain("filter: nosuch:1");
    type("return");
    expect(show()).toContain("filter: nosuch:1_");
  });

  it("search marks rows and jumps", () => {
    const { feed, show, type } = stage(usual);
    play(feed, [exchange(1), refusal(2), exchange(3)]);
    type("/", ..."INTRUDER", "return");
    expect(show()).toMatch(/▶ .* DENY/);
    type("n");
    expect(show()).toContain('no other row has "INTRUDER"');
  });

  it("show services, certificates, problems, policy and logs", () => {
    const { feed, show, type } = stage(usual);
    play(feed, [...minute()], meshState({ problems: [problem] }));
    type("1", "j");
    expect(show()).toMatch(/▶ backend-1 +ready/);
    expect(show()).toContain("spiffe://cluster.local/ns/default/sa/backend");
    expect(show()).toContain("AuthorizationPolicy default/backend-allow mesh/authz.yaml:1");
    type("6");
    expect(show()).toContain("^^^^^^^");
    expect(show()).toContain("still running generation 14");
    type("4");
    expect(show()).toContain("PeerAuthentication");
    type("5");
    expect(show()).toContain("GET /api/data served in");
    type("3");
    expect(show()).toContain("FAILED");
    type("?", "pagedown");
    expect(show()).toContain("show only what happens from now on");
    type("G");
    expect(show()).toContain("verdict:");
  });

  it("tell what happened to a program that crashed, and restart it", () => {
    const { feed, show, type, restarted } = stage(usual);
    const state = meshState();
    const [first, ...rest] = state.workloads;
    if (first === undefined) throw new Error("the fixture has workloads");
    play(feed, [], {
      ...state,
      workloads: [
        {
          ...first,
          state: { phase: "exited", code: 3, signal: null, restartAt: null, lastLines: ["boom", "at line 3"] },
        },
        ...rest,
      ],
    });
    type("1");
    expect(show()).toContain("exited with code 3");
    expect(show()).toContain("at line 3");
    expect(show()).toContain("1 failing");
    type("R");
    expect(restarted).toEqual(["frontend"]);
  });

  it("say what to do when nothing has happened yet", () => {
    const { feed, show } = stage(usual);
    expect(show()).toContain("waiting for the mesh");
    play(feed, []);
    expect(show()).toContain("No requests yet.");
    expect(show()).toContain("http://localhost:3000");
    expect(show()).toContain("meshdev exec --as frontend -- curl http://backend:8080/");
  });

  it("leave only when asked twice", () => {
    const own = stage(usual);
    own.type("ctrl+c");
    expect(own.show()).toContain("Ctrl-C again stops the mesh");
    expect(own.left).toEqual([]);
    own.type("ctrl+c");
    expect(own.left).toEqual(["stop"]);
    const asked = stage(usual);
    asked.type("q");
    expect(asked.show()).toContain("stop the services and leave?");
    asked.type("n", "q", "d");
    expect(asked.left).toEqual(["detach"]);
    const guest = stage(usual, { own: false });
    guest.type("q");
    expect(guest.left).toEqual(["leave"]);
  });
});

describe("the header", () => {
  it("says when there is no data plane", () => {
    const { feed, show } = stage(wide);
    play(feed, [], meshState({ dataPlane: { pid: null, restarts: 1, reason: "killed" } }));
    expect(show()).toContain("data plane down");
  });

  it("says how many events the stream had to drop", () => {
    const { feed, show } = stage(wide);
    play(feed);
    feed.apply({ type: "events.dropped", count: 37, seq: 99 });
    expect(show()).toContain("37 not shown");
  });

  it("keeps the hit count of a long filter", () => {
    const { feed, show } = stage(
      { columns: 100, rows: 24 },
      { filter: "verdict:denied from:intruder path:/api/data method:GET" },
    );
    play(feed, [exchange(1), refusal(2)]);
    expect(show()).toMatch(/filter: verdict:denied.*… \(1 of 2\)/);
  });
});

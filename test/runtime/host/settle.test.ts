import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  emptyGuardMs,
  emptyStepMs,
  goLive,
  guardMs,
  guardStepMs,
  listDocuments,
  observe,
  quietMs,
  startSettling,
  type FileFacts,
  type FactSet,
} from "../../../runtime/host/settle.ts";

const deny = "kind: AuthorizationPolicy\nmetadata: {name: deny}\nspec: {action: DENY, rules: [{}]}\n";
const allow = "kind: AuthorizationPolicy\nmetadata: {name: allow}\nspec: {rules: [{}]}\n";

function fact(text: string, stamp = text): FileFacts {
  return { stamp, telling: true, size: Buffer.byteLength(text), digest: text, documents: listDocuments(text) };
}

const facts = (files: Readonly<Record<string, string>>): FactSet =>
  new Map(Object.entries(files).map(([path, text]) => [path, fact(text)]));

interface LookAt {
  readonly at: number;
  readonly files: FactSet;
  readonly pace?: number;
}

/** Looks at the given moments and tells each verdict: `same`, `settled`, or `wait <until>`. */
function watch(live: FactSet, looks: readonly LookAt[]): string[] {
  let state = startSettling(live, 0);
  return looks.map(({ at, files, pace }) => {
    const [next, verdict] = observe(state, files, { at, pace: pace ?? 1 });
    state = verdict.kind === "settled" ? goLive(next) : next;
    return verdict.kind === "wait" ? `wait ${verdict.at}` : verdict.kind;
  });
}

/** Looks as often as it is told to from 100 ms on, each time `late` ms too late; the moment at which `to` went live. */
function liveAt(live: FactSet, to: FactSet, { pace = 1, late = 0 } = {}): number {
  let state = startSettling(live, 0);
  for (let at = 100; ;) {
    const [next, verdict] = observe(state, to, { at, pace });
    if (verdict.kind === "settled") return at;
    if (verdict.kind === "same") throw new Error("nothing changed");
    state = next;
    at = verdict.at + late;
  }
}

describe("when a change may go live", () => {
  it("growth: after a short quiet", () => {
    const [before, files] = [facts({ "a.yaml": allow }), facts({ "a.yaml": `${allow}---\n${deny}` })];
    const looks = [100, 105, 100 + quietMs, 200].map((at) => ({ at, files, pace: 0.1 }));
    expect(watch(before, looks)).toEqual(["wait 110", "wait 110", "settled", "same"]);
  });

  it.each([
    ["a file vanished", { "a.yaml": allow, "b.yaml": deny }, { "a.yaml": allow }],
    ["a file shrank", { "a.yaml": `# a long comment\n${deny}` }, { "a.yaml": deny }],
    ["fewer documents", { "a.yaml": `${allow}---\n${deny}` }, { "a.yaml": `${allow}# ${"x".repeat(200)}\n` }],
    ["another document in its place", { "a.yaml": deny }, { "a.yaml": `${allow}# ${"x".repeat(200)}\n` }],
    ["nothing but a comment left", { "a.yaml": deny }, { "a.yaml": "# gone\n" }],
  ])("%s: only when nothing has changed for the guard time", (_, before, after) => {
    expect(liveAt(facts(before), facts(after))).toBe(100 + guardMs);
  });

  it("a loss is looked at again and again: looks that come late are no proof of quiet", () => {
    const [before, after] = [facts({ "a.yaml": `${allow}---\n${deny}` }), facts({ "a.yaml": allow })];
    expect(
      watch(
        before,
        [100, 5000].map((at) => ({ at, files: after })),
      ),
    ).toEqual(["wait 115", "wait 5015"]);
    const looks = guardMs / guardStepMs;
    expect(liveAt(before, after, { late: 200 })).toBe(100 + looks * (guardStepMs + 200));
  });

  it.each([
    ["a file that is gone", {}, guardMs, guardStepMs],
    ["an emptied file", { "a.yaml": "" }, emptyGuardMs, emptyStepMs],
  ])("%s waits longer while others have to wait for the machine", (_, after, guard, step) => {
    const before = facts({ "a.yaml": deny });
    const spent = (pace: number): number => liveAt(before, facts(after), { pace }) - 100;
    expect(spent(1)).toBe(guard);
    for (const pace of [0.5, 0.1]) {
      expect(spent(pace)).toBeGreaterThanOrEqual(guard / pace);
      expect(spent(pace)).toBeLessThanOrEqual(guard / pace + 2 * step);
    }
  });

  it("every further piece starts the guard again", () => {
    const whole = `${allow}---\n${deny}`;
    const pieces = [10, 20, 40, allow.length].map((end) => facts({ "a.yaml": whole.slice(0, end) }));
    const looks = pieces.map((files, index) => ({ at: 100 + index * 50, files }));
    expect(watch(facts({ "a.yaml": whole }), [...looks, { at: 300, files: facts({ "a.yaml": whole }) }])).toEqual([
      "wait 115",
      "wait 165",
      "wait 215",
      "wait 265",
      "same",
    ]);
  });

  it("a new time with the same content is no change, but delays one", () => {
    const one = (text: string, stamp: string): FactSet => new Map([["a", fact(text, stamp)]]);
    const before = one(allow, "1");
    const looks = [100, 500].map((at) => ({ at, files: one(allow, "2") }));
    expect(watch(before, looks)).toEqual(["same", "same"]);
    const more = `${allow}---\n${deny}`;
    const again = [109, 112, 119].map((at) => ({ at, files: one(more, "3") }));
    expect(watch(before, [{ at: 100, files: one(more, "2") }, ...again])).toEqual([
      "wait 110",
      "wait 119",
      "wait 119",
      "settled",
    ]);
  });

  it("other content under the same time is a change", () => {
    const one = (text: string): FactSet => new Map([["a", fact(text, "1")]]);
    const looks = [
      { at: 100, files: one(`${deny}# 1\n`) },
      { at: 109, files: one(`${deny}# 2\n`) },
    ];
    expect(watch(one(deny), looks)).toEqual(["wait 110", "wait 119"]);
  });

  it("a file that a rename moved away and brought back is guarded only while it is gone", () => {
    const [before, gone, back] = [facts({ "a.yaml": allow }), facts({}), facts({ "a.yaml": `${allow}# more\n` })];
    expect(
      watch(before, [
        { at: 100, files: gone },
        { at: 104, files: back },
        { at: 114, files: back },
      ]),
    ).toEqual(["wait 115", "wait 114", "settled"]);
  });

  it("whatever writers do and whenever somebody looks: no loss goes live that was not seen in every look of the guard time", () => {
    const states = [
      facts({}),
      facts({ "a.yaml": "" }),
      facts({ "a.yaml": allow }),
      facts({ "a.yaml": `${allow}---\n${deny}` }),
    ];
    const whole = facts({ "a.yaml": `${allow}---\n${deny}` });
    const look = fc.record({
      state: fc.nat(3),
      after: fc.integer({ min: 1, max: 400 }),
      pace: fc.constantFrom(0.05, 0.1, 0.5, 1),
    });
    fc.assert(
      fc.property(fc.array(look, { maxLength: 60 }), (looks) => {
        let progress = startSettling(whole, 0);
        let at = 0;
        let same = 0;
        let last = -1;
        for (const { state, after, pace } of looks) {
          at += after;
          same = state === last ? same + Math.min(after, emptyStepMs) * (state < 2 ? pace : 1) : 0;
          last = state;
          const [next, verdict] = observe(progress, states[state] ?? whole, { at, pace });
          // What is live stays whole here, so that every other state is a loss.
          progress = next;
          if (verdict.kind === "settled") expect(same).toBeGreaterThanOrEqual(state === 1 ? emptyGuardMs : guardMs);
        }
      }),
    );
  });
});

describe("documents at a glance", () => {
  it("separators count, empty documents and comments do not", () => {
    expect(listDocuments(`---\n# nothing\n---\n${allow}---\n${deny}---\n`)).toEqual([
      "AuthorizationPolicy/allow",
      "AuthorizationPolicy/deny",
    ]);
    expect(listDocuments("")).toEqual([]);
    expect(listDocuments(`{"kind": "Service", "metadata": {"name": "a-b"}}`)).toEqual(["Service/a-b"]);
    expect(listDocuments("- x")).toEqual(["?/?"]);
  });
});

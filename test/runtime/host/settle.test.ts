import { describe, expect, it } from "vitest";
import {
  emptyGuardMs,
  goLive,
  guardMs,
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
  return { stamp, size: Buffer.byteLength(text), digest: text, documents: listDocuments(text) };
}

const facts = (files: Readonly<Record<string, string>>): FactSet =>
  new Map(Object.entries(files).map(([path, text]) => [path, fact(text)]));

/** Looks at the given moments and tells each verdict: `same`, `settled`, or `wait <until>`. */
function watch(live: FactSet, looks: readonly (readonly [at: number, files: FactSet])[]): string[] {
  let state = startSettling(live, 0);
  return looks.map(([at, files]) => {
    const [next, verdict] = observe(state, files, at);
    state = verdict.kind === "settled" ? goLive(next) : next;
    return verdict.kind === "wait" ? `wait ${verdict.at}` : verdict.kind;
  });
}

describe("when a change may go live", () => {
  it("growth: after a short quiet", () => {
    const [before, after] = [facts({ "a.yaml": allow }), facts({ "a.yaml": `${allow}---\n${deny}` })];
    expect(
      watch(before, [
        [100, after],
        [105, after],
        [100 + quietMs, after],
        [200, after],
      ]),
    ).toEqual(["wait 110", "wait 110", "settled", "same"]);
  });

  it.each([
    ["a file vanished", { "a.yaml": allow, "b.yaml": deny }, { "a.yaml": allow }],
    ["a file shrank", { "a.yaml": `# a long comment\n${deny}` }, { "a.yaml": deny }],
    ["fewer documents", { "a.yaml": `${allow}---\n${deny}` }, { "a.yaml": `${allow}# ${"x".repeat(200)}\n` }],
    ["another document in its place", { "a.yaml": deny }, { "a.yaml": `${allow}# ${"x".repeat(200)}\n` }],
    ["nothing but a comment left", { "a.yaml": deny }, { "a.yaml": "# gone\n" }],
  ])("%s: only when nothing has changed for the guard time", (_, before, after) => {
    const to = facts(after);
    expect(
      watch(facts(before), [
        [100, to],
        [100 + guardMs - 1, to],
        [100 + guardMs, to],
      ]),
    ).toEqual(["wait 175", "wait 175", "settled"]);
  });

  it("emptied: only when it stays so for long, as whoever emptied it may not be seen to hold it yet", () => {
    const to = facts({ "a.yaml": "" });
    expect(
      watch(facts({ "a.yaml": deny }), [
        [100, to],
        [100 + guardMs, to],
        [100 + emptyGuardMs - 1, to],
        [100 + emptyGuardMs, to],
      ]),
    ).toEqual(["wait 1100", "wait 1100", "wait 1100", "settled"]);
  });

  it("every further piece starts the guard again", () => {
    const whole = `${allow}---\n${deny}`;
    const pieces = [10, 20, 40, allow.length].map((end) => facts({ "a.yaml": whole.slice(0, end) }));
    const looks = pieces.map((piece, index) => [100 + index * 50, piece] as const);
    expect(watch(facts({ "a.yaml": whole }), [...looks, [300, facts({ "a.yaml": whole })]])).toEqual([
      "wait 175",
      "wait 225",
      "wait 275",
      "wait 325",
      "same",
    ]);
  });

  it("a new time with the same content is no change, but delays one", () => {
    const before: FactSet = new Map([["a", fact(allow, "1")]]);
    const touched: FactSet = new Map([["a", fact(allow, "2")]]);
    expect(
      watch(before, [
        [100, touched],
        [500, touched],
      ]),
    ).toEqual(["same", "same"]);
    const after: FactSet = new Map([["a", fact(`${allow}---\n${deny}`, "2")]]);
    const again: FactSet = new Map([["a", fact(`${allow}---\n${deny}`, "3")]]);
    expect(
      watch(before, [
        [100, after],
        [109, again],
        [112, again],
        [119, again],
      ]),
    ).toEqual(["wait 110", "wait 119", "wait 119", "settled"]);
  });

  it("a file that a rename moved away and brought back is guarded only while it is gone", () => {
    const [before, gone, back] = [facts({ "a.yaml": allow }), facts({}), facts({ "a.yaml": `${allow}# more\n` })];
    expect(
      watch(before, [
        [100, gone],
        [104, back],
        [114, back],
      ]),
    ).toEqual(["wait 175", "wait 114", "settled"]);
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

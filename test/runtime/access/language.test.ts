import * as fc from "fast-check";
import { expect, it } from "vitest";
import { automatonOf } from "../../../runtime/access/automaton.ts";
import { alphabetOf, printable } from "../../../runtime/access/characters.ts";
import { languageOf, setsOf } from "../../../runtime/access/language.ts";
import { paths } from "../../../runtime/access/universe.ts";
import type { Matcher } from "../../../runtime/model/policy.ts";
import { bindMatcher } from "../../../runtime/policy/matcher.ts";
import { normalizePath } from "../../../runtime/policy/normalize.ts";

const text = fc.string({ unit: fc.constantFrom("a", "b", "/", "-"), maxLength: 4 });
const name = fc.constantFrom("a", "b", "a-b");

const matcher: fc.Arbitrary<Matcher> = fc.oneof(
  text.map((value): Matcher => ({ kind: "exact", value })),
  text.map((value): Matcher => ({ kind: "prefix", value })),
  text.map((value): Matcher => ({ kind: "suffix", value })),
  fc.boolean().map((nonEmpty): Matcher => ({ kind: "present", nonEmpty })),
  fc.tuple(text, text).map(([prefix, suffix]): Matcher => ({ kind: "affix", prefix, suffix })),
  fc.array(text, { maxLength: 3 }).map((parts): Matcher => ({ kind: "sequence", parts })),
  fc.tuple(name, name).map(([namespace, account]): Matcher => ({ kind: "service-account", namespace, name: account })),
  fc.tuple(text, text).map(([before, after]): Matcher => ({ kind: "trust-domain", before, after })),
  fc
    .constantFrom("/{*}", "/{**}", "/a/{*}/b", "/a/{**}/b", "/{*}/{**}", "/{**}/a/b", "/{**}/{*}")
    .map((value): Matcher => ({ kind: "template", value })),
);

/** Identities as well as any text: what matchers are made for has to come often enough. */
const subject = fc.oneof(
  fc.string({ unit: fc.constantFrom("a", "b", "/", "-", "^"), maxLength: 9 }),
  fc.array(fc.constantFrom("a", "b", "a-b", "ns", "sa", "", "x"), { maxLength: 7 }).map((parts) => parts.join("/")),
  fc
    .array(fc.constantFrom("/ns/a/", "/ns/b/", "sa/a", "sa/b", "/", "x", "a"), { maxLength: 6 })
    .map((parts) => `spiffe://${parts.join("")}`),
);

it("the language of a matcher has the texts that the matcher accepts", () => {
  let accepted = 0;
  fc.assert(
    fc.property(matcher, subject, (each, value) => {
      const language = languageOf(each);
      const { symbols, members } = alphabetOf(setsOf(language));
      const automaton = automatonOf(language, symbols);
      let state = automaton.start;
      for (const character of value) {
        const symbol = members.findIndex((group) => group.includes(character));
        if (state >= 0) state = automaton.step(state, symbol);
      }
      const expected = bindMatcher(each)(value);
      if (expected) accepted += 1;
      expect(automaton.accepts(state)).toBe(expected);
    }),
    { numRuns: 4_000, seed: 1 },
  );
  expect(accepted).toBeGreaterThan(400);
});

const piece = fc.constantFrom(
  "/",
  "//",
  "a",
  ".",
  "..",
  "%2e",
  "%2F",
  "%5c",
  "%41",
  "%",
  "%%61d",
  "\\",
  "|",
  ";x",
  "%00",
  "x",
);

it.each(["NONE", "BASE", "MERGE_SLASHES", "DECODE_AND_MERGE_SLASHES"] as const)(
  "whatever a path becomes under %s is in its universe",
  (mode) => {
    const universe = paths(mode, true, false);
    const automaton = universe.automaton(printable);
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 7 }), (pieces) => {
        const normalized = normalizePath(`/${pieces.join("")}`, mode);
        if (!normalized.ok) return;
        let state = automaton.start;
        for (const character of normalized.path)
          state = state < 0 ? state : automaton.step(state, printable.indexOf(character));
        expect([normalized.path, automaton.accepts(state)]).toEqual([normalized.path, true]);
      }),
      { numRuns: 3_000, seed: 1 },
    );
  },
);

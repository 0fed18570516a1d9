import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseDotenv } from "../../../runtime/config/dotenv.ts";
import { lookupIn } from "../../../runtime/config/interpolation.ts";
import { projectEnvironment } from "../../../runtime/config/project-environment.ts";

const read = (text: string, around: Readonly<Record<string, string>> = {}): ReturnType<typeof parseDotenv> =>
  parseDotenv({ path: ".env", text }, lookupIn(around));

describe("a file of variables", () => {
  it.each([
    ["A=1\nB = two words \nC:3\nexport D=4", { A: "1", B: "two words", C: "3", D: "4" }],
    ["# note\n\n  # another\nA=x # note\nB=x#no note\nC=", { A: "x", B: "x#no note", C: "" }],
    ['A=\'${B} # \\n\'\nB="x # \\"y\\"\\n\\$Z" # note', { A: "${B} # \\n", B: 'x # "y"\n$Z' }],
    ['A="one\ntwo"\nB=3\r\nC=4', { A: "one\ntwo", B: "3", C: "4" }],
    ["A=1\nB=${A}/${OUT}/${NO:-d}", { A: "1", B: "1/o/d" }],
    ["OUT=mine\nB=$OUT", { OUT: "mine", B: "o" }],
    ["OUT\nNOTHING", { OUT: "o" }],
    ["A=a=b", { A: "a=b" }],
    ["", {}],
  ])("%j", (text, variables) => {
    expect(read(text, { OUT: "o" })).toEqual({ variables, problems: [] });
  });

  it.each([
    ["A=1\n1B=2", 2, 1],
    ["A=1\nB='open\nC=3", 2, 3],
    ["A='x' y", 1, 6],
    ["A=${X?none}", 1, 3],
    ["what is this", 1, 1],
  ])("%j has a fault with its place, and gives nothing", (text, line, column) => {
    const { variables, problems } = read(text);
    expect(variables).toEqual({});
    expect(problems).toMatchObject([{ code: "MD1013", severity: "error", at: { file: ".env", line, column } }]);
  });

  it("gives back what is written in single quotes", () => {
    const name = fc.stringMatching(/^[A-Z_][A-Z0-9_]{0,8}$/);
    const value = fc.string().map((text) => text.replaceAll(/['\\\r]/g, ""));
    fc.assert(
      fc.property(fc.dictionary(name, value), (table) => {
        const text = Object.entries(table).map(([key, said]) => `${key}='${said}'\n`);
        expect(read(text.join("")).variables).toEqual({ ...table });
      }),
    );
  });
});

it("what is set wins over files, a later file over an earlier one", () => {
  const files = [
    { path: ".env", text: "A=1\nB=1\nC=1" },
    { path: "b.env", text: "B=2\nC=2\nD=${A}${C}" },
  ];
  expect(projectEnvironment({ C: "shell" }, files)).toEqual({
    env: { A: "1", B: "2", C: "shell", D: "1shell" },
    added: { A: "1", B: "2", D: "1shell" },
    problems: [],
  });
});

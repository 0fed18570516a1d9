import { readFileSync } from "node:fs";
import { expect, it, test } from "vitest";
import { celFault } from "../../../runtime/config/cel-syntax.ts";

/** Whether cel-go, with which istiod parses, takes each expression (v0.31.0). */
const verdicts: Readonly<Record<string, boolean>> = JSON.parse(
  readFileSync(new URL("cel-verdicts.json", import.meta.url), "utf8"),
);
/** What is taken here and not by cel-go: the library takes the first, and of messages only the brackets are judged. */
const tooLenient = ["f(1,)", "Msg{a}"];

it.each(Object.entries(verdicts).filter(([expression]) => !tooLenient.includes(expression)))(
  "%j: %s",
  (expression, taken) => {
    expect(celFault(expression) === undefined).toBe(taken);
  },
);

test("a fault has its place", () => {
  expect(celFault("a &&\n  has(foo)")).toBe(
    "ERROR: <input>:2:7: invalid argument to has() macro\n |   has(foo)\n | ......^",
  );
  expect(celFault("a b")).toMatch(/^ERROR: <input>:1:3: Syntax error: .*\n \| a b\n \| \.\.\^$/);
});

import { createRequire } from "node:module";
import type * as Cel from "@marcbachmann/cel-js";
import { isRecord } from "./yaml-tree.ts";

/**
 * Why a CEL expression cannot be parsed, in the form of the parser that Istio uses; undefined when nothing is found. Where it uses what
 * the library does not know of the language (messages, names behind a bare dot or in backticks), only its brackets are judged.
 */
export function celFault(expression: string): string | undefined {
  if (expression === "") return emptyFault;
  const { parse, ParseError } = loadParser();
  try {
    return treeFault(expression, parse(expression).ast);
  } catch (error) {
    if (!(error instanceof ParseError) || beyondLibrary.test(withoutTexts(expression))) return bracketFault(expression);
    return told(expression, error.range?.start ?? 0, `Syntax error: ${error.summary}`);
  }
}

/** Hardly any mesh has an expression, and loading takes longer than reading a mesh's files. */
function loadParser(): typeof Cel {
  return createRequire(import.meta.url)("@marcbachmann/cel-js") as typeof Cel;
}

const emptyFault =
  "ERROR: <input>:1:0: Syntax error: mismatched input '<EOF>' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}";

const beyondLibrary = /`|[A-Za-z_]\w*\s*\{|(?:^|\?\s|[-(![{,:&|=<>+*/%])\s*\.\s*[A-Za-z_]/;
const largest = 2n ** 63n - 1n;

/** What parses and is refused all the same: `has` of something that is no field, numbers that are none. */
function treeFault(expression: string, { op, args, start }: Cel.ASTNode): string | undefined {
  if (op === "value" && typeof args === "bigint" && args > largest)
    return told(expression, start, "invalid int literal");
  // The smallest number has no positive twin.
  if (op === "-_" && args.op === "value" && args.args === largest + 1n) return undefined;
  if (op === "call" && args[0] === "has" && args[1].length === 1 && args[1][0]?.op !== ".")
    return told(expression, args[1][0]?.start ?? start, "invalid argument to has() macro");
  for (const child of childrenOf(args)) {
    const fault = treeFault(expression, child);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function childrenOf(args: unknown): readonly Cel.ASTNode[] {
  if (Array.isArray(args)) return args.flatMap(childrenOf);
  return isNode(args) ? [args] : [];
}

function isNode(value: unknown): value is Cel.ASTNode {
  return isRecord(value) && typeof value["op"] === "string";
}

function told(expression: string, at: number, what: string): string {
  const before = expression.slice(0, at).split("\n");
  const column = before.at(-1)?.length ?? 0;
  const line = expression.split("\n")[before.length - 1] ?? "";
  return `ERROR: <input>:${before.length}:${column + 1}: ${what}\n | ${line}\n | ${".".repeat(column)}^`;
}

function bracketFault(expression: string): string | undefined {
  const open: string[] = [];
  const pairs: Readonly<Record<string, string>> = { ")": "(", "]": "[", "}": "{" };
  for (const character of withoutTexts(expression)) {
    if ("([{".includes(character)) open.push(character);
    else if (pairs[character] !== undefined && open.pop() !== pairs[character])
      return `ERROR: there is a ${character} too many`;
    else if (character === '"' || character === "'") return "ERROR: a text is not ended";
  }
  return open.length === 0 ? undefined : `ERROR: a ${open.at(-1) ?? ""} is not closed`;
}

function withoutTexts(expression: string): string {
  return expression.replace(/"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'/g, "text");
}

/**
 * Why a CEL expression cannot be parsed; undefined when nothing is found. Only brackets and quotes are looked at: the grammar itself is
 * not read here, so Istio may refuse an expression that this accepts.
 */
export function celFault(expression: string): string | undefined {
  const open: string[] = [];
  const pairs: Readonly<Record<string, string>> = { ")": "(", "]": "[", "}": "{" };
  const bare = expression.replace(/"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'/g, "text");
  if (bare === "") return emptyFault;
  for (const character of bare) {
    if ("([{".includes(character)) open.push(character);
    else if (pairs[character] !== undefined && open.pop() !== pairs[character])
      return `ERROR: there is a ${character} too many`;
    else if (character === '"' || character === "'") return "ERROR: a text is not ended";
  }
  return open.length === 0 ? undefined : `ERROR: a ${open.at(-1) ?? ""} is not closed`;
}

/** In the words of the parser that Istio uses. */
const emptyFault =
  "ERROR: <input>:1:0: Syntax error: mismatched input '<EOF>' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}";

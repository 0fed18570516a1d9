/** Splits a command into words as a POSIX shell does, without running or expanding anything; undefined: a quote is not closed. */
export function commandWords(text: string): readonly string[] | undefined {
  const words: string[] = [];
  const piece = /\s+|'([^']*)'|"((?:[^"\\]|\\.)*)"|\\(.)|([^\s'"\\]+)|(.)/gsu;
  let word: string | undefined;
  for (const [whole, single, double, escaped, plain, open] of text.matchAll(piece)) {
    if (open !== undefined) return undefined;
    if (whole.trim() === "" && single === undefined && double === undefined && escaped === undefined) {
      if (word !== undefined) words.push(word);
      word = undefined;
      continue;
    }
    word = (word ?? "") + (single ?? double?.replaceAll(/\\([\\"$`])/g, "$1") ?? escaped ?? plain ?? "");
  }
  return word === undefined ? words : [...words, word];
}

import { isCollection, isMap, isPair, isScalar, isSeq, type Node, type Pair, type YAMLMap, type YAMLSeq } from "yaml";
import type { Root } from "./edit-text.ts";
import { type FieldEdit, type FieldPath, madeBelow, type PlainValue } from "./field-edit.ts";
import { asEntry, renderBlock, renderFlow, renderName, type Style } from "./render.ts";

/** What takes the place of a stretch of text. */
export interface Splice {
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

/** Text of which nodes are read, and the line ending that new lines get. */
interface Place {
  readonly text: string;
  readonly base: number;
  readonly eol: string;
}

/** An edit as a change of the text; undefined: the text is written in a way that cannot be changed in one place. */
export function splice(text: string, root: Root, edit: FieldEdit, eol: string): Splice | undefined {
  const place = { text, base: root.base, eol };
  return spliceAt(place, root.node, edit, edit.path, styleOf(root, text, root.base));
}

function spliceAt(place: Place, node: unknown, edit: FieldEdit, path: FieldPath, style: Style): Splice | undefined {
  const [step, ...rest] = path;
  if (step === undefined) {
    if (edit.kind === "append") return isSeq(node) ? addItem(place, node, edit.value, style) : undefined;
    return edit.kind === "set" && isScalar(node) ? replaceScalar(place, node, edit.value, style) : undefined;
  }
  if (typeof step === "number") {
    if (!isSeq(node)) return undefined;
    if (edit.kind === "remove" && rest.length === 0) return removeItem(place, node, step);
    return spliceAt(place, node.items[step], edit, rest, style);
  }
  if (!isMap(node)) return undefined;
  const at = node.items.findIndex(({ key }) => isScalar(key) && String(key.value) === step);
  const found = node.items[at];
  if (edit.kind === "remove" && rest.length === 0) return removeEntry(place, node, at);
  if (found !== undefined) return spliceAt(place, found.value, edit, rest, style);
  const made = madeBelow(edit, rest);
  return made === undefined ? undefined : addEntry(place, node, step, made, style);
}

function addItem(place: Place, seq: YAMLSeq, value: PlainValue, style: Style): Splice | undefined {
  const neighbour = seq.items.findLast((item) => isScalar(item) && typeof item.value === "string");
  const near = neighbour === undefined ? style : { ...style, quotes: quotesOf(neighbour) };
  const span = spanOf(place, seq);
  const last = seq.items.at(-1);
  if (span === undefined) return undefined;
  if (seq.flow === true) {
    const text = renderFlow(value, near);
    return last === undefined ? insert(span.from + 1, text) : addInFlow(place, span.from, last, text);
  }
  if (last === undefined) return undefined;
  const column = columnOf(place, span.from);
  const [first = "", ...more] = renderBlock(value, near);
  return addLines(place, last, [`- ${first}`, ...more.map((line) => `  ${line}`)], column);
}

function addEntry(place: Place, map: YAMLMap, name: string, value: PlainValue, style: Style): Splice | undefined {
  const span = spanOf(place, map);
  const last = map.items.at(-1);
  if (span === undefined) return undefined;
  const key = renderName(name, style);
  if (map.flow === true) {
    const text = `${key}: ${renderFlow(value, typeof value === "object" ? style : asEntry(style))}`;
    return last === undefined ? insert(span.from + 1, ` ${text} `) : addInFlow(place, span.from, last, text);
  }
  if (last === undefined) return undefined;
  const lines = renderBlock(value, typeof value === "object" ? style : asEntry(style));
  const isInline = typeof value !== "object" || lines[0]?.startsWith("[") === true || lines[0] === "{}";
  const isList = Array.isArray(value);
  const indented = lines.map((line) => (isList && !style.indentedLists ? line : `  ${line}`));
  const made = isInline ? [`${key}: ${lines.join(" ")}`] : [`${key}:`, ...indented];
  return addLines(place, last, made, columnOf(place, span.from));
}

/** Behind the last item of `[…]` or `{…}`; on a line of its own where that one has one. */
function addInFlow(place: Place, open: number, last: unknown, text: string): Splice | undefined {
  const end = endOf(place, last);
  const start = startOf(place, last);
  if (end === undefined || start === undefined) return undefined;
  const indent = indentOf(place, start);
  const ownLine = indent !== undefined && place.text.slice(open, start).includes("\n");
  return insert(end, ownLine ? `,${place.eol}${indent}${text}` : `, ${text}`);
}

function addLines(place: Place, last: unknown, lines: readonly string[], column: number): Splice | undefined {
  const end = endOf(place, last);
  if (end === undefined) return undefined;
  const at = lineEnd(place.text, end);
  const indent = " ".repeat(column);
  return insert(at, lines.map((line) => `${place.eol}${indent}${line}`).join(""));
}

function replaceScalar(place: Place, node: Node, value: PlainValue, style: Style): Splice | undefined {
  const span = spanOf(place, node);
  if (span === undefined || span.from === span.to) return undefined;
  return { ...span, text: renderFlow(value, { ...style, quotes: quotesOf(node) }) };
}

function removeItem(place: Place, seq: YAMLSeq, index: number): Splice | undefined {
  return seq.flow === true ? removeInFlow(place, seq.items, index) : removeLines(place, seq.items, index, true);
}

function removeEntry(place: Place, map: YAMLMap, index: number): Splice | undefined {
  return map.flow === true ? removeInFlow(place, map.items, index) : removeLines(place, map.items, index, false);
}

/** With the comma behind it, or the one before it when it is the last. */
function removeInFlow(place: Place, items: readonly unknown[], index: number): Splice | undefined {
  const from = startOf(place, items[index]);
  const to = endOf(place, items[index]);
  const next = startOf(place, items[index + 1]);
  const before = endOf(place, items[index - 1]);
  if (from === undefined || to === undefined) return undefined;
  if (next !== undefined) return { from, to: next, text: "" };
  return { from: before ?? from, to, text: "" };
}

/** Whole lines, from the item's first to its last; comments above stay. `dashed`: the item begins before its node, at its dash. */
function removeLines(place: Place, items: readonly unknown[], index: number, dashed: boolean): Splice | undefined {
  const start = startOf(place, items[index]);
  const end = endOf(place, items[index]);
  if (start === undefined || end === undefined) return undefined;
  const line = lineStart(place.text, start);
  const lead = place.text.slice(line, start);
  if (dashed ? /^ *- +$/.test(lead) : /^ *$/.test(lead)) {
    const last = lineEnd(place.text, end);
    const isAtEnd = last >= place.text.length;
    return isAtEnd
      ? { from: Math.max(0, line - place.eol.length), to: last, text: "" }
      : { from: line, to: last + breakAt(place, last), text: "" };
  }
  // The first entry of a list's item shares its line with the dash: the next entry takes its place.
  const next = startOf(place, items[index + 1]);
  if (dashed || next === undefined || !/^ *- +$/.test(lead) || place.text.slice(end, next).includes("#"))
    return undefined;
  return { from: start, to: next, text: "" };
}

/** How a document is written: what its texts, names and lists look like. */
export function styleOf(root: Root | undefined, text: string, base: number): Style {
  let quotes: Style["quotes"] | undefined;
  let quotedNames = false;
  let indentedLists: boolean | undefined;
  const place = { text, base, eol: "\n" };
  const look = (node: unknown): void => {
    if (isSeq(node)) {
      const texts = node.items.filter((item) => isScalar(item) && typeof item.value === "string");
      if (texts.length > 0) quotes ??= quotesOf(texts[0]);
      for (const item of node.items) look(item);
    }
    if (!isMap(node)) return;
    for (const { key, value } of node.items) {
      if (isScalar(key) && key.type === "QUOTE_DOUBLE") quotedNames = true;
      const list = isSeq(value) && value.flow !== true ? spanOf(place, value) : undefined;
      const name = isScalar(key) ? spanOf(place, key) : undefined;
      if (list !== undefined && name !== undefined)
        indentedLists ??= columnOf(place, list.from) > columnOf(place, name.from);
      look(value);
    }
  };
  look(root?.node);
  return { quotes: quotes ?? "double", quotedNames, indentedLists: indentedLists ?? true };
}

function quotesOf(node: unknown): Style["quotes"] {
  const type = isScalar(node) ? node.type : undefined;
  if (type === "PLAIN") return "plain";
  return type === "QUOTE_SINGLE" ? "single" : "double";
}

function spanOf({ base }: Pick<Place, "base">, node: Node): { readonly from: number; readonly to: number } | undefined {
  const { range } = node;
  return range === null || range === undefined ? undefined : { from: range[0] + base, to: range[1] + base };
}

function startOf(place: Place, item: unknown): number | undefined {
  const node = isPair(item) ? item.key : item;
  return isScalar(node) || isCollection(node) ? spanOf(place, node)?.from : undefined;
}

/** Where the last text of a node ends: not the blank lines and comments that follow. */
function endOf(place: Place, item: unknown): number | undefined {
  if (isPair(item)) return endOfPair(place, item);
  if (isCollection(item) && item.flow !== true) return endOf(place, item.items.at(-1));
  if (!isScalar(item) && !isCollection(item)) return undefined;
  const end = spanOf(place, item)?.to;
  // A block scalar ends behind its last line.
  return end !== undefined && place.text[end - 1] === "\n" ? end - 1 : end;
}

function endOfPair(place: Place, { key, value }: Pair): number | undefined {
  const name = isScalar(key) ? spanOf(place, key)?.to : undefined;
  const isEmpty = value === null || (isScalar(value) && value.source === "");
  return isEmpty ? name : endOf(place, value);
}

function insert(at: number, text: string): Splice {
  return { from: at, to: at, text };
}

function lineStart(text: string, offset: number): number {
  return text.lastIndexOf("\n", offset - 1) + 1;
}

/** Before the line break. */
function lineEnd(text: string, offset: number): number {
  const end = text.indexOf("\n", offset);
  if (end < 0) return text.length;
  return text[end - 1] === "\r" && end > offset ? end - 1 : end;
}

function breakAt({ text }: Place, offset: number): number {
  return text[offset] === "\r" ? 2 : 1;
}

/** Column of an offset, from 0. */
function columnOf({ text }: Pick<Place, "text">, offset: number): number {
  return offset - lineStart(text, offset);
}

/** What stands before an offset in its line, when that is blank. */
function indentOf({ text }: Place, offset: number): string | undefined {
  const lead = text.slice(lineStart(text, offset), offset);
  return /^\s*$/.test(lead) ? lead : undefined;
}

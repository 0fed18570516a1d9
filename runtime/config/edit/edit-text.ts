import { isMap, isScalar, isSeq, type Node } from "yaml";
import type { SourceFile } from "../../core/source.ts";
import { parseDocuments } from "../documents.ts";
import { yamlDocuments } from "../yaml-dialect.ts";
import { documentParts } from "../yaml-documents.ts";
import { editValue, type FieldEdit, type PlainValue } from "./field-edit.ts";
import { renderBlock } from "./render.ts";
import { splice, styleOf } from "./splice.ts";

/** A change of one document of a file: the number of an object among all of the file, or a new one at the end. */
export type DocumentEdit =
  | { readonly document: number; readonly edit: FieldEdit }
  | { readonly document: "new"; readonly value: PlainValue };

/**
 * The file with changes made in its text, one after the other: comments, order and layout stay. Undefined when a change has no place,
 * or its text would mean anything else than the change (an alias, an anchor that others use).
 */
export function editFile(file: SourceFile, edits: readonly DocumentEdit[]): SourceFile | undefined {
  let text: string | undefined = file.text;
  for (const edit of edits) {
    text = edit.document === "new" ? withDocument(text, edit.value) : withEdit(text, edit.document, edit.edit);
    if (text === undefined) return undefined;
  }
  return { ...file, text };
}

function withDocument(text: string, value: PlainValue): string | undefined {
  // A JSON file holds one document.
  if (/^\s*[{[]/.test(text)) return undefined;
  const eol = endOfLine(text);
  const roots = rootsOf(text);
  const style = { ...styleOf(roots?.at(-1), text, 0), quotedNames: false };
  const lines = renderBlock(value, style);
  const before = text === "" || text.endsWith("\n") ? text : `${text}${eol}`;
  const separator = before.trim() === "" || /(?:^|\n)---[^\S\n]*\n$/.test(before) ? "" : `---${eol}`;
  const made = `${before}${separator}${lines.join(eol)}${eol}`;
  return isMeant(text, made, (values) => [...values, value]) ? made : undefined;
}

function withEdit(text: string, number: number, edit: FieldEdit): string | undefined {
  const root = rootsOf(text)?.[number];
  const change = root === undefined ? undefined : splice(text, root, edit, endOfLine(text));
  if (change === undefined) return undefined;
  const made = text.slice(0, change.from) + change.text + text.slice(change.to);
  return isMeant(text, made, (values) => {
    const changed = editValue(values[number], edit);
    return changed === undefined ? undefined : values.with(number, changed);
  })
    ? made
    : undefined;
}

/** Whether the new text says what the old one said, but for what `change` changes. */
function isMeant(
  before: string,
  after: string,
  change: (values: readonly unknown[]) => readonly unknown[] | undefined,
): boolean {
  const wanted = change(valuesOf(before));
  return wanted !== undefined && isSame(wanted, valuesOf(after));
}

function valuesOf(text: string): readonly unknown[] {
  return parseDocuments({ path: "", text }).documents.map(({ object }) => object?.raw);
}

function isSame(a: unknown, b: unknown): boolean {
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return a === b;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const left = Object.entries(a);
  const right = new Map(Object.entries(b));
  return left.length === right.size && left.every(([name, value]) => right.has(name) && isSame(value, right.get(name)));
}

function endOfLine(text: string): string {
  return text.includes("\r\n") ? "\r\n" : "\n";
}

/** A node with the place of its part of the text. */
export interface Root {
  readonly node: Node;
  readonly base: number;
}

/** The objects of a file in the order in which they are numbered, items of Lists by themselves; undefined: it cannot be parsed. */
function rootsOf(text: string): readonly Root[] | undefined {
  const skipped = text.startsWith("\uFEFF") ? 1 : 0;
  try {
    return documentParts(text.slice(skipped)).flatMap((part) =>
      yamlDocuments(part.text, "kubernetes").flatMap(({ contents }) => {
        if (contents === null || (isScalar(contents) && contents.value === null)) return [];
        return itemsOf(contents).map((node) => ({ node, base: part.start + skipped }));
      }),
    );
  } catch {
    return undefined;
  }
}

function itemsOf(root: Node): readonly Node[] {
  if (!isMap(root) || root.get("kind") !== "List") return [root];
  const items: unknown = root.get("items");
  return isSeq<Node>(items) ? items.items : [root];
}

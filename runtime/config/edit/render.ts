import { Document, isScalar, isSeq, visit } from "yaml";
import type { PlainValue } from "./field-edit.ts";

/** How the neighbours of a new value are written. */
export interface Style {
  readonly quotes: "plain" | "single" | "double";
  /** Names of fields are quoted too, as in JSON. */
  readonly quotedNames: boolean;
  /** Items of a list below a name stand further right than the name. */
  readonly indentedLists: boolean;
}

/** Texts that no reader of YAML takes for anything else. */
const plainText = /^[A-Za-z/][A-Za-z0-9_./-]*$/;
const word = /^(?:y|yes|n|no|true|false|on|off|null)$/i;

/** On one line. */
export function renderFlow(value: PlainValue, style: Style): string {
  if (typeof value === "string") return renderText(value, style);
  if (typeof value !== "object") return String(value);
  if (isList(value)) return `[${value.map((each) => renderFlow(each, style)).join(", ")}]`;
  const entries = Object.entries(value).map(
    ([name, each]) =>
      `${renderName(name, style)}: ${renderFlow(each, typeof each === "object" ? style : asEntry(style))}`,
  );
  return entries.length === 0 ? "{}" : `{ ${entries.join(", ")} }`;
}

/** On lines of their own without indentation; lists of mere texts stay on one line. */
export function renderBlock(value: PlainValue, style: Style): readonly string[] {
  const document = new Document(value);
  visit(document, {
    Scalar: (key, node) => {
      if (key === "key" || typeof node.value !== "string") return;
      node.type = quotedType(node.value, key === "value" ? asEntry(style) : style);
    },
    Seq: (_key, node) => {
      node.flow = node.items.every((item) => isScalar(item));
    },
    Map: (_key, node) => {
      node.flow = node.items.length === 0;
    },
  });
  if (isSeq(document.contents) && document.contents.flow === true) return [renderFlow(value, style)];
  const text = document.toString({ lineWidth: 0, indentSeq: style.indentedLists, flowCollectionPadding: false });
  return text.replace(/\n$/, "").split("\n");
}

export function renderName(name: string, style: Style): string {
  if (style.quotedNames) return JSON.stringify(name);
  return (plainText.test(name) && !word.test(name)) || /^[0-9]+$/.test(name) ? name : JSON.stringify(name);
}

function renderText(value: string, style: Style): string {
  switch (quotedType(value, style)) {
    case "PLAIN":
      return value;
    case "QUOTE_SINGLE":
      return `'${value.replaceAll("'", "''")}'`;
    case "QUOTE_DOUBLE":
      return JSON.stringify(value);
  }
}

function quotedType(value: string, { quotes }: Style): "PLAIN" | "QUOTE_SINGLE" | "QUOTE_DOUBLE" {
  if (quotes === "plain" && plainText.test(value) && !word.test(value)) return "PLAIN";
  return quotes === "single" && /^[ -~]*$/.test(value) ? "QUOTE_SINGLE" : "QUOTE_DOUBLE";
}

/** Entries of maps are mostly names; lists hold what is quoted. */
export function asEntry(style: Style): Style {
  return { ...style, quotes: style.quotedNames ? "double" : "plain" };
}

function isList(value: PlainValue): value is readonly PlainValue[] {
  return Array.isArray(value);
}

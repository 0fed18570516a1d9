import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isPair,
  isScalar,
  isSeq,
  type Node,
  type Scalar,
  type YAMLMap,
} from "yaml";
import type { Code } from "../core/codes.ts";
import type { Problem } from "../core/problem.ts";
import type { SourcePosition } from "../core/source.ts";
import type { FieldPositions } from "../model/resource.ts";
import { joinIndex, joinKey } from "./field-path.ts";
import { excerptAt, positionAt, type SourceText, type Span } from "./source-text.ts";
import { type Dialect, yamlDocuments } from "./yaml-dialect.ts";
import { documentParts, type TextPart } from "./yaml-documents.ts";

/** One YAML document as plain data, with the place of every field. */
export interface YamlTree {
  /** Undefined for an empty document. */
  readonly value: unknown;
  readonly positions: FieldPositions;
  readonly at: SourcePosition;
  /** The first line of the document that is not blank, a comment or not; of a List's item its own. */
  readonly firstLine: number;
  /** Position and excerpt of a field, or of the nearest enclosing one. `key`: underline the name, not the value. */
  readonly locate: (path: string, part?: "key" | "value") => Pick<Problem, "at" | "excerpt">;
  /** The tag that is written at a field, such as `!reset`. */
  readonly tag: (path: string) => string | undefined;
  /** The node itself as its own tree, for the items of a List. */
  readonly subtree: (path: string) => YamlTree | undefined;
  /** Faults of this document alone, such as a key written twice. */
  readonly problems: readonly Problem[];
}

export interface YamlFile {
  /** By number of the document; undefined for one that is empty or cannot be parsed. */
  readonly trees: readonly (YamlTree | undefined)[];
  /** Syntax errors; when there are any, no tree of the file may be put in force. */
  readonly problems: readonly Problem[];
  /** Numbers of the documents that have them. */
  readonly unreadable: readonly number[];
}

const largestText = 8 * 1024 * 1024;
const mostNodes = 200_000;
const deepest = 100;

/** Parses every document of a file. Never throws, whatever the text is. */
export function parseYaml(source: SourceText, dialect: Dialect): YamlFile {
  if (source.text.length > largestText) {
    const message = `the file has ${source.text.length} characters; at most ${largestText} are read`;
    return { trees: [], problems: [fileProblem(source, "MD1010", [0, 1], message)], unreadable: [] };
  }
  const parts = dialect === "kubernetes" ? documentParts(source.text) : [{ start: 0, text: source.text }];
  const trees: (YamlTree | undefined)[] = [];
  const problems: Problem[] = [];
  const unreadable: number[] = [];
  for (const part of parts) {
    const parsed = parsePart(source, part, dialect);
    if (Array.isArray(parsed)) trees.push(...(parsed.length === 0 ? [undefined] : parsed));
    else {
      unreadable.push(trees.length);
      trees.push(undefined);
      problems.push(...parsed.problems);
    }
  }
  return { trees, problems, unreadable };
}

/** The documents of a part, one unless it is cut by other means than `---`; or what makes it unreadable. */
function parsePart(
  source: SourceText,
  part: TextPart,
  dialect: Dialect,
): YamlTree[] | { readonly problems: readonly Problem[] } {
  try {
    const documents = yamlDocuments(part.text, dialect);
    const syntax = documents.flatMap((document) =>
      document.errors
        .filter((error) => error.code !== "DUPLICATE_KEY")
        .map((error) => {
          const span = shift(error.pos, part.start);
          return fileProblem(source, "MD1001", span, firstSentence(error.message), yamlHint(source, span[0]));
        }),
    );
    if (syntax.length > 0) return { problems: syntax };
    const firstText = /^(?:---[^\S\n]*\n|\n)*/.exec(part.text)?.[0].length ?? 0;
    const trees = documents.map((document) =>
      treeOf(source, part.start, document, document.contents, [], part.start + firstText),
    );
    const dangling = trees.flatMap((tree) => tree.problems.filter((problem) => problem.code === "MD1001"));
    return dangling.length > 0 ? { problems: dangling } : trees;
  } catch (error) {
    const reason =
      error instanceof RangeError
        ? "it is nested too deeply"
        : error instanceof Error
          ? firstSentence(error.message)
          : "it cannot be read";
    return { problems: [fileProblem(source, "MD1001", [part.start, part.start + 1], reason)] };
  }
}

function treeOf(
  source: SourceText,
  base: number,
  document: Document.Parsed,
  root: Node | null,
  inherited: readonly Problem[],
  firstText?: number,
): YamlTree {
  const duplicates = document.errors
    .filter((error) => error.code === "DUPLICATE_KEY")
    .map((error) => fileProblem(source, "MD1009", shift(error.pos, base), "this key is already set above"));
  const problems = inherited.length > 0 ? [...inherited] : duplicates;
  const places = new Map<
    string,
    { readonly key: Span | undefined; readonly value: Span; readonly node: Node | null }
  >();
  const targets = new Map<Alias, Node | undefined>();
  const limit: { nodes: number; exceeded: boolean } = { nodes: 0, exceeded: false };
  const spanOf = (node: unknown): Span | undefined => {
    const span = rangeOf(node);
    return span === undefined ? undefined : shift(span, base);
  };
  const rootSpan = spanOf(root) ?? shift([document.range[0], document.range[0]], base);
  const value = convert(root, "", undefined, 0);
  if (limit.exceeded)
    problems.push(
      fileProblem(
        source,
        "MD1010",
        rootSpan,
        `the document has more than ${mostNodes} values or is nested more than ${deepest} levels deep`,
      ),
    );

  if (limit.exceeded) places.clear();
  const at: Record<string, readonly [number, number]> = Object.create(null);
  for (const [path, place] of places) {
    const position = positionAt(
      source,
      (isScalar(place.node) || place.node === null ? place.value : (place.key ?? place.value))[0],
    );
    at[path] = [position.line, position.column];
  }

  /** Looked up once per alias: the library walks the document each time. */
  function anchored(alias: Alias): Node | undefined {
    if (!targets.has(alias)) targets.set(alias, alias.resolve(document));
    return targets.get(alias);
  }

  function convert(node: unknown, path: string, key: Span | undefined, depth: number): unknown {
    limit.nodes += 1;
    if (limit.exceeded || limit.nodes > mostNodes || depth > deepest) {
      limit.exceeded = true;
      return undefined;
    }
    if (isAlias(node)) {
      const target = anchored(node);
      const span = spanOf(node) ?? rootSpan;
      if (target === undefined)
        problems.push(fileProblem(source, "MD1001", span, `the alias *${node.source} has no anchor`));
      return convert(target, path, key ?? span, depth + 1);
    }
    const known: Node | null = isScalar(node) || isMap(node) || isSeq(node) ? node : null;
    const span = spanOf(known) ?? key ?? rootSpan;
    if (!places.has(path)) places.set(path, { key, value: span, node: known });
    if (isScalar(known)) return scalarValue(known);
    if (isSeq(known))
      return known.items.map((item, index) =>
        convert(isPair(item) ? null : item, joinIndex(path, index), undefined, depth + 1),
      );
    if (isMap(known)) return convertMap(known, path, depth);
    return null;
  }

  function convertMap(map: YAMLMap, path: string, depth: number): Readonly<Record<string, unknown>> {
    const entries = new Map<string, unknown>();
    const merges: unknown[] = [];
    for (const pair of map.items) {
      if (isScalar(pair.key) && isMergeKey(pair.key)) {
        merges.push(pair.value);
        continue;
      }
      if (!isScalar(pair.key))
        problems.push(
          fileProblem(source, "MD1001", spanOf(pair.key) ?? rootSpan, "the name of a field cannot be a list or map"),
        );
      const name = isScalar(pair.key) ? String(pair.key.value) : "?";
      entries.set(name, convert(pair.value, joinKey(path, name), spanOf(pair.key), depth + 1));
    }
    for (const merge of merges) {
      const merged = convert(merge, `${path}.<<`, undefined, depth + 1);
      for (const layer of Array.isArray(merged) ? merged : [merged]) {
        if (!isRecord(layer)) continue;
        for (const [name, inner] of Object.entries(layer)) if (!entries.has(name)) entries.set(name, inner);
      }
    }
    return Object.fromEntries(entries);
  }

  return {
    value: root === null ? undefined : value,
    positions: { file: source.path, at },
    at: positionAt(source, rootSpan[0]),
    firstLine: positionAt(source, firstText ?? rootSpan[0]).line,
    problems,
    locate: (path, part = "value") => {
      for (let rest = path; ; rest = parentPath(rest)) {
        const place = places.get(rest);
        if (place !== undefined || rest === "") {
          // A caret under a whole block says little: under its key it says which.
          const wantKey = rest !== path || part === "key" || !isScalar(place?.node);
          const span = place === undefined ? rootSpan : wantKey ? (place.key ?? place.value) : place.value;
          return { at: positionAt(source, span[0]), excerpt: excerptAt(source, span) };
        }
      }
    },
    tag: (path) => places.get(path)?.node?.tag,
    subtree: (path) => {
      const place = places.get(path);
      return place === undefined || place.node === null
        ? undefined
        : treeOf(source, base, document, place.node, problems);
    },
  };
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function parentPath(path: string): string {
  const cut = Math.max(path.lastIndexOf("."), path.lastIndexOf("["));
  return cut <= 0 ? "" : path.slice(0, cut);
}

function isMergeKey(key: Scalar): boolean {
  return (
    (key.value === "<<" || typeof key.value === "symbol") && key.type !== "QUOTE_DOUBLE" && key.type !== "QUOTE_SINGLE"
  );
}

/** Integers beyond what a number holds exactly stay numbers; only strings, numbers, booleans and null leave here. */
function scalarValue(node: Scalar): unknown {
  const { value } = node;
  if (typeof value === "bigint") return Number(value);
  if (value === null || typeof value === "string" || typeof value === "number" || typeof value === "boolean")
    return value;
  return node.source ?? null;
}

function shift(span: Span, by: number): Span {
  return [span[0] + by, span[1] + by];
}

function rangeOf(node: unknown): Span | undefined {
  if (!isScalar(node) && !isMap(node) && !isSeq(node) && !isAlias(node)) return undefined;
  const { range } = node;
  return range === null || range === undefined ? undefined : [range[0], range[1]];
}

function fileProblem(source: SourceText, code: Code, span: Span, message: string, hint?: string): Problem {
  return {
    code,
    severity: "error",
    message,
    ...(hint === undefined ? {} : { hint }),
    at: positionAt(source, span[0]),
    excerpt: excerptAt(source, span),
  };
}

function firstSentence(message: string): string {
  return message.split("\n")[0] ?? message;
}

function yamlHint(source: SourceText, offset: number): string | undefined {
  const start = source.text.lastIndexOf("\n", offset - 1) + 1;
  return /^ *\t/.test(source.text.slice(start, offset + 2))
    ? "indent with spaces: YAML does not allow tabs there"
    : undefined;
}

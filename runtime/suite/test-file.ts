import { type Problem, sortProblems } from "../core/problem.ts";
import type { SourceFile, SourcePosition } from "../core/source.ts";
import { joinIndex, joinKey } from "../config/field-path.ts";
import { sourceText } from "../config/source-text.ts";
import { isRecord, parseYaml, type YamlTree } from "../config/yaml-tree.ts";
import type { PredictedCall } from "../predict/call.ts";
import { type CaseToken, callTitle, type Expectation, type Given, type TestCase } from "./case.ts";
import { createFieldReader, type FieldReader } from "./field-reader.ts";
import { authorizerAnswers, callerTls, caseKeys, defaultKeys, fileKeys, givenKeys, verdicts } from "./test-schema.ts";
import { parseWantedPolicy } from "./wanted-policy.ts";

export interface TestFile {
  /** Relative to the project. */
  readonly path: string;
  readonly cases: readonly TestCase[];
  readonly locate: YamlTree["locate"];
}

/** A case that lists a hundred paths and callers is meant; a million is a mistake. */
const mostCases = 10_000;

/** Reads *.mesh-test.yaml. Nothing of a file is run when there is a problem. */
export function parseTestFile(source: SourceFile): {
  readonly value: TestFile | undefined;
  readonly problems: readonly Problem[];
} {
  const parsed = parseYaml(sourceText(source), "project");
  if (parsed.problems.length > 0) return { value: undefined, problems: sortProblems(parsed.problems) };
  const trees = parsed.trees.filter((tree) => tree?.value !== undefined && tree.value !== null);
  const [tree] = trees;
  if (tree === undefined || trees.length > 1) {
    const at = trees[1]?.at ?? { file: source.path, line: 1, column: 1 };
    const message =
      tree === undefined ? "the test file is empty" : "a test file has one document; this is a second one";
    const hint = "write `cases:` with a list; `meshdev schema test` prints what a case may say";
    return { value: undefined, problems: [{ code: "MD1021", severity: "error", message, hint, at }] };
  }
  const reader = createFieldReader(tree);
  const cases = readCases(reader, tree, source.path);
  const problems = sortProblems([...tree.problems, ...reader.problems]);
  return { value: problems.length > 0 ? undefined : { path: source.path, cases, locate: tree.locate }, problems };
}

function readCases(reader: FieldReader, tree: YamlTree, path: string): readonly TestCase[] {
  const root = reader.map("", tree.value, fileKeys);
  const defaults = reader.map("defaults", root["defaults"], defaultKeys);
  const given = readGiven(reader, "given", root["given"], path, { policies: [], authorizers: {} });
  if (!Object.hasOwn(root, "cases"))
    reader.wrong("", "there are no cases", "write `cases:` with a list, one entry per expectation");
  const found: TestCase[] = [];
  for (const [index, value] of reader.list("cases", root["cases"]).entries()) {
    const field = joinIndex("cases", index);
    const written = reader.map(field, value, caseKeys);
    if (!isRecord(value)) continue;
    const rows = readCase(reader, { field, written, defaults, given, path, at: at(tree, field, path) });
    if (found.length + rows.length > mostCases) {
      reader.wrong(field, `the lists of this file stand for more than ${mostCases} cases`, "split the file");
      break;
    }
    found.push(...rows);
  }
  return found;
}

function at(tree: YamlTree, field: string, file: string): SourcePosition {
  return tree.locate(field).at ?? { file, line: 1, column: 1 };
}

interface CaseSource {
  readonly field: string;
  readonly written: Readonly<Record<string, unknown>>;
  readonly defaults: Readonly<Record<string, unknown>>;
  readonly given: Given;
  readonly path: string;
  readonly at: SourcePosition;
}

function readCase(reader: FieldReader, source: CaseSource): readonly TestCase[] {
  const { field, written } = source;
  const place = (key: string): string => joinKey(Object.hasOwn(written, key) ? field : "defaults", key);
  const value = (key: string): unknown => (Object.hasOwn(written, key) ? written[key] : source.defaults[key]);
  const texts = (key: string, otherwise: string): readonly string[] =>
    reader.texts(place(key), value(key)) ?? [otherwise];
  const required = (key: string, hint: string): readonly string[] => {
    if (value(key) === undefined) reader.wrong(field, `${field} does not say ${key}`, hint);
    return reader.texts(place(key), value(key)) ?? [];
  };
  const from = required("from", "name the caller here or in `defaults`; outside is one that is no part of the mesh");
  const to = required("to", "name the service here or in `defaults`");
  const methods = texts("method", "GET");
  const paths = texts("path", "/");
  const ports = readPorts(reader, place("port"), value("port"));
  const headers = readHeaders(reader, place("headers"), value("headers"));
  const modes = readTls(reader, place("tls"), value("tls"));
  const tcp = reader.text(place("tcp"), value("tcp"));
  const token = readToken(reader, source, place, value);
  if (tcp !== undefined && (token !== undefined || headers.length > 0))
    reader.wrong(place("tcp"), "raw bytes have neither headers nor a token", "remove tcp, or the others");
  const expected = readExpectation(reader, field, place, value);
  const given = readGiven(reader, joinKey(field, "given"), written["given"], source.path, source.given);
  const name = reader.text(joinKey(field, "name"), written["name"]);
  if (expected === undefined) return [];

  const count = from.length * to.length * methods.length * paths.length * ports.length * modes.length;
  if (count > mostCases) {
    reader.wrong(field, `the lists of this case stand for ${count} cases; at most ${mostCases} are run`);
    return [];
  }
  const rows: TestCase[] = [];
  for (const caller of from)
    for (const callee of to)
      for (const port of ports)
        for (const method of methods)
          for (const path of paths)
            for (const tls of modes) {
              const sent = { method, path, port, headers, ...tls, ...(tcp === undefined ? {} : { tcp }) };
              const call = { from: caller, to: callee, ...sent };
              const title = callTitle(call);
              rows.push({
                name: name === undefined ? title : count === 1 ? name : `${name}: ${title}`,
                at: source.at,
                field,
                call,
                token,
                given,
                expected,
              });
            }
  return rows;
}

type Place = (key: string) => string;
type Value = (key: string) => unknown;

function readPorts(reader: FieldReader, field: string, value: unknown): readonly (number | undefined)[] {
  if (value === undefined) return [undefined];
  if (!Array.isArray(value)) return [reader.integer(field, value, 1, 65_535)];
  return value.map((item: unknown, index) => reader.integer(joinIndex(field, index), item, 1, 65_535));
}

function readTls(reader: FieldReader, field: string, value: unknown): readonly Pick<PredictedCall, "tls">[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  return list.map((item, index) => {
    const mode = reader.oneOf(Array.isArray(value) ? joinIndex(field, index) : field, item, callerTls);
    return mode === undefined || mode === "mesh" ? {} : { tls: mode };
  });
}

function readHeaders(
  reader: FieldReader,
  field: string,
  value: unknown,
): readonly (readonly [name: string, value: string])[] {
  return Object.entries(reader.map(field, value, undefined)).flatMap(([name, item]) => {
    const place = joinKey(field, name);
    if (!/^[-!#$%&'*+.^_`|~0-9A-Za-z]+$/.test(name)) reader.wrong(place, `${name} is no name of a header`);
    const lines = reader.texts(place, item) ?? [];
    if (lines.some((line) => /[\r\n\0]/.test(line))) reader.wrong(place, "a header has no line breaks");
    return lines.map((line) => [name.toLowerCase(), line] as const);
  });
}

/** A token in the case replaces the default's, whatever its kind. */
function readToken(
  reader: FieldReader,
  { written, path, field }: CaseSource,
  place: Place,
  value: Value,
): CaseToken | undefined {
  const own = ["claims", "jwt"].filter((key) => Object.hasOwn(written, key));
  if (own.length > 1) reader.wrong(field, "claims and jwt exclude each other", "a token says by itself what it claims");
  const [kind] = own.length > 0 ? own : ["claims", "jwt"].filter((key) => value(key) !== undefined);
  if (kind === "claims") {
    const claims = value("claims");
    return claims === null ? undefined : { kind, claims: reader.map(place("claims"), claims, undefined) };
  }
  const file = kind === undefined ? undefined : reader.text(place("jwt"), value("jwt"));
  return file === undefined ? undefined : { kind: "file", path: besideFile(path, file) };
}

function readExpectation(reader: FieldReader, field: string, place: Place, value: Value): Expectation | undefined {
  if (value("expect") === undefined) {
    reader.wrong(field, `${field} does not say what it expects`, "add `expect: allow`, deny or tls-fail");
    return undefined;
  }
  const verdict = reader.oneOf(place("expect"), value("expect"), verdicts);
  const status = reader.integer(place("status"), value("status"), 100, 599);
  const text = reader.text(place("by"), value("by"));
  const by = text === undefined ? undefined : parseWantedPolicy(text);
  if (text !== undefined && by === undefined)
    reader.wrong(
      place("by"),
      `${text} names no policy`,
      "write it like `default/backend-allow`, or `AuthorizationPolicy default/backend-allow rule 0`",
    );
  return verdict === undefined ? undefined : { verdict, by, status };
}

function readGiven(reader: FieldReader, field: string, value: unknown, path: string, above: Given): Given {
  const given = reader.map(field, value, givenKeys);
  const policies = reader.texts(joinKey(field, "policies"), given["policies"]) ?? [];
  const place = joinKey(field, "authorizers");
  const answers = Object.entries(reader.map(place, given["authorizers"], undefined)).flatMap(([name, answer]) => {
    const read = reader.oneOf(joinKey(place, name), answer, authorizerAnswers);
    return read === undefined ? [] : [[name, read] as const];
  });
  return {
    policies: [...above.policies, ...policies.map((file) => besideFile(path, file))],
    authorizers: { ...above.authorizers, ...Object.fromEntries(answers) },
  };
}

/** A path of a test file, relative to the project. */
function besideFile(testFile: string, path: string): string {
  if (path.startsWith("/")) return path;
  const parts: string[] = testFile.split("/").slice(0, -1);
  for (const part of path.split("/")) {
    if (part === ".." && parts.length > 0 && parts.at(-1) !== "..") parts.pop();
    else if (part !== ".") parts.push(part);
  }
  return parts.join("/");
}

import type { SourceFile } from "../core/source.ts";
import type { RequestFacts } from "../model/decision.ts";
import type { Mesh } from "../model/mesh.ts";
import { type Advice, adviceOn } from "./advice.ts";
import { applyToFiles } from "./apply.ts";
import type { Ask, Reply } from "./ask.ts";
import { bindBreadth, plaintextPorts } from "./breadth.ts";
import { diffOf, linesOf } from "./file-diff.ts";
import { openedBy, type Opening } from "./opened.ts";
import type { Part } from "./part.ts";
import { type Candidate, findEdits } from "./search.ts";

export interface SuggestInput {
  readonly mesh: Mesh;
  /** Every mesh file as it is now. */
  readonly files: readonly SourceFile[];
  readonly ask: Ask;
  /** The mesh of changed files, read and validated as when they are saved; undefined: they are not valid. */
  readonly load: (files: readonly SourceFile[]) => Mesh | undefined;
}

/** An edit of files that allows what was refused. */
export interface Suggestion {
  readonly parts: readonly Part[];
  readonly files: readonly FileEdit[];
  /** A unified diff of all of them. */
  readonly diff: string;
  /** Lines that are added or taken out. */
  readonly lines: number;
  /** It gives mutual TLS up somewhere. */
  readonly dangerous: boolean;
  /** All that it lets pass, the refused call included. */
  readonly opens: Opening;
}

export interface FileEdit {
  readonly path: string;
  readonly before: string;
  readonly after: string;
}

export interface Suggested {
  readonly reply: Reply;
  readonly advice: readonly Advice[];
  readonly suggestions: readonly Suggestion[];
}

const most = 3;

/** The smallest edits that would allow a refused call, those that open the least first. */
export function suggestEdits(input: SuggestInput): Suggested {
  const { mesh, ask } = input;
  const reply = ask(mesh);
  const { advice, instead } = adviceOn(mesh, reply);
  if (instead || !("workload" in reply)) return { reply, advice, suggestions: [] };
  const suggestions: Suggestion[] = [];
  for (const candidate of ranked(input, reply, findEdits(mesh, reply, ask))) {
    const suggestion = written(input, candidate);
    if (suggestion !== undefined) suggestions.push(suggestion);
    if (suggestions.length === most) break;
  }
  return { reply, advice, suggestions };
}

/** First what gives the caller its identity back, then least privilege, mutual TLS last; of edits that mean the same only the shortest. */
function ranked(
  { mesh, ask }: SuggestInput,
  reply: Extract<Reply, { readonly workload: unknown }>,
  candidates: readonly Candidate[],
): readonly Candidate[] {
  const breadthOf = bindBreadth(mesh, reply.workload, factsOf(reply, candidates, ask));
  const before = breadthOf(mesh);
  const judged = candidates.map((candidate) => {
    const meaning = breadthOf(candidate.mesh);
    const opens = Array.from(meaning, (each, at) => each === "1" && before[at] === "0").filter(Boolean).length;
    const plaintext = isDangerous(candidate) ? plaintextPorts(candidate.mesh) : 0;
    return { candidate, meaning, opens, plaintext, heals: isHealing(candidate), size: sizeOf(candidate) };
  });
  const inOrder = judged.toSorted(
    (a, b) => a.plaintext - b.plaintext || Number(b.heals) - Number(a.heals) || a.opens - b.opens || a.size - b.size,
  );
  const known = new Set<string>();
  return inOrder.flatMap(({ candidate, meaning }) => {
    if (known.has(meaning)) return [];
    known.add(meaning);
    return [candidate];
  });
}

/** How much has to be written, by which edits that open as much are told apart before any text is changed. */
function sizeOf({ parts }: Candidate): number {
  return parts.reduce((sum, { change }) => sum + JSON.stringify(writtenBy(change)).length, 0);
}

function writtenBy(change: Part["change"]): unknown {
  if (change.kind === "add") return change.value;
  return change.edit.kind === "remove" ? "a line or so that goes" : change.edit.value;
}

/** How the refused call looks to policies; what no chain took in shows it only where one does. */
function factsOf(
  reply: Extract<Reply, { readonly workload: unknown }>,
  [first]: readonly Candidate[],
  ask: Ask,
): RequestFacts | undefined {
  if (reply.kind === "policy") return reply.facts;
  const after = first === undefined ? undefined : ask(first.mesh);
  return after?.kind === "allowed" ? after.asked?.facts : undefined;
}

function fileEdits(files: readonly SourceFile[], edited: readonly SourceFile[]): readonly FileEdit[] {
  return edited.map(({ path, text }) => ({
    path,
    before: files.find((file) => file.path === path)?.text ?? "",
    after: text,
  }));
}

/** An edit in the text of its files, tried once more with what that text really means. */
function written(input: SuggestInput, candidate: Candidate): Suggestion | undefined {
  const { files, ask, load } = input;
  const { parts } = candidate;
  const edited = applyToFiles(files, parts);
  if (edited === undefined) return undefined;
  const changed = new Map(edited.map((file) => [file.path, file]));
  const mesh = load(files.map((file) => changed.get(file.path) ?? file));
  const after = mesh === undefined ? undefined : ask(mesh);
  if (mesh === undefined || after?.kind !== "allowed") return undefined;
  const edits = fileEdits(files, edited);
  return {
    parts,
    files: edits,
    diff: edits.map(diffOf).join(""),
    lines: edits.reduce((sum, edit) => sum + linesOf(edit), 0),
    dangerous: isDangerous(candidate),
    opens: openedBy(input.mesh, mesh, after.asked),
  };
}

function isDangerous({ parts }: Candidate): boolean {
  return parts.some(({ dangerous }) => dangerous);
}

/** It changes no rule: what is let in is what rules allow as they are. */
function isHealing({ parts }: Candidate): boolean {
  return parts.every(({ resource, dangerous }) => !dangerous && !resource.startsWith("AuthorizationPolicy "));
}

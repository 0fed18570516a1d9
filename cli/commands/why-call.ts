import type { DecisionRecord, RequestFacts } from "../../runtime/model/decision.ts";
import type { Provenance } from "../../runtime/model/resource.ts";
import { causeOfDecision, type Cause } from "../../runtime/store/cause.ts";
import type { Mesh } from "../../runtime/model/mesh.ts";
import { callOf, type Question, tokenOf } from "../call-question.ts";
import type { Context } from "../context.ts";
import { chooseProject, type ChosenProject } from "../discovery.ts";
import { type CallToken, type Door, openDoor, type PredictedCall } from "../door.ts";
import { exitCodes } from "../exit-code.ts";
import { withMesh } from "../own-mesh.ts";
import { causeLines } from "../print/cause.ts";
import { decisionLines } from "../print/decision-tree.ts";
import { chosenOutput, createPrinter } from "../print/printer.ts";
import { callWords, causeBelowPolicy } from "../print/question.ts";
import { sanitize } from "../print/sanitize.ts";
import { seg, type Segment, type Tone } from "../print/segment.ts";
import { requireMesh } from "../valid-mesh.ts";
import { excerptAt, withMisplaced } from "../why-text.ts";
import type { WhyOptions } from "./why.ts";

/** A call of a project whose files are valid. */
interface AskedCall extends ChosenProject {
  readonly mesh: Mesh;
  readonly call: PredictedCall;
  readonly token: CallToken | undefined;
}

/** What became of a call, or would. */
interface Answer {
  readonly outcome: "allow" | "deny" | "depends" | "tls-fail" | "unreachable";
  readonly summary: string;
  readonly decision: DecisionRecord | null;
  readonly because: readonly Provenance[];
  /** What the server's sidecar judged; undefined: nothing, or it was not on paper. */
  readonly judged?: { readonly proxy: string; readonly facts: RequestFacts } | undefined;
}

/** Explains a call that nobody made: predicted from the files, or with `--live` sent through the sidecars. */
export async function whyCall(question: Question, options: WhyOptions, context: Context): Promise<number> {
  const door = await openDoor();
  const project = chooseProject(context.cwd, options);
  const { directory } = project;
  const call = callOf(question, options);
  const token = tokenOf(options, context);
  const asked = { ...project, mesh: await requireMesh(door, project), call, token };
  const live = options.live === true;
  const answer = live ? await askLive(door, asked, options, context) : await predict(door, asked);
  const cause = await causeInMesh(door, answer, asked);
  const printer = createPrinter(context, options.color);
  if (chosenOutput(options) === "json") {
    const { outcome, decision, summary } = answer;
    const said = { outcome, cause, decision, call, summary, event: null, handshake: null };
    printer.json({ schemaVersion: 1, predicted: !live, ...said });
    return exitCodes.ok;
  }
  printer.lines([
    ...causeLines(cause, verdictWord(answer.outcome), await excerptAt(cause.at, directory)),
    [],
    [seg(live ? "sent live  " : "predicted  ", "dim"), callWords(call, printer.glyphs)],
    [seg(sanitize(answer.summary))],
    ...(answer.decision === null ? [] : [[], ...decisionLines(answer.decision)]),
  ]);
  return exitCodes.ok;
}

async function predict(door: Door, { mesh, call, directory, token }: AskedCall): Promise<Answer> {
  const { verdict, outcome, summary, decision, details } = await door.predict(mesh, call, directory, token);
  return {
    outcome: verdict === "depends" ? "depends" : outcome,
    summary,
    decision,
    because: details.because,
    judged: details.judged.at(-1),
  };
}

async function askLive(door: Door, asked: AskedCall, { timeout }: WhyOptions, context: Context): Promise<Answer> {
  const answer = await withMesh(door, { ...asked, timeoutMs: timeout }, context, (live) =>
    door.askLive(asked, live, context.signal),
  );
  return { ...answer, outcome: answer.verdict };
}

async function causeInMesh(door: Door, answer: Answer, asked: AskedCall): Promise<Cause> {
  const cause = causeOfAnswer(answer, asked);
  const { judged, decision } = answer;
  if (judged === undefined || decision?.reason !== "no-allow-matched") return cause;
  return withMisplaced(door, cause, { mesh: asked.mesh, workload: judged.proxy, facts: judged.facts });
}

function causeOfAnswer({ outcome, decision, summary, because }: Answer, { call }: AskedCall): Cause {
  // The path as policies see it stands in the clauses; how it was written is known here alone.
  const asks = decision?.blame?.flatMap(({ clauses }) => clauses) ?? [];
  const isOther = asks.some(({ field, actual }) => /paths/i.test(field) && actual !== call.path.replace(/[?#].*/, ""));
  const decided = decision !== null && (outcome === "deny" || decision.verdict === "allow");
  return decided && outcome !== "depends"
    ? causeOfDecision(decision, isOther ? { originalPath: call.path } : {})
    : causeBelowPolicy(summary, because);
}

const words: Readonly<Record<Answer["outcome"], readonly [text: string, tone: Tone]>> = {
  allow: ["ALLOW", "good"],
  deny: ["DENY", "bad"],
  depends: ["DEPENDS", "warn"],
  "tls-fail": ["TLS-FAIL", "bad"],
  unreachable: ["UNREACHABLE", "bad"],
};

function verdictWord(outcome: Answer["outcome"]): Segment {
  return seg(...words[outcome]);
}

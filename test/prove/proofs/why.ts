import * as fc from "fast-check";
import type { DecisionRecord } from "../../../runtime/model/decision.ts";
import type { Case, CaseRequest, ExpectedRequest } from "../../conformance/case.ts";
import { meshOf } from "../../conformance/mesh.ts";
import { enterScene, observe } from "../../conformance/sockets/play-case.ts";
import { createStage } from "../../conformance/sockets/run-sockets.ts";
import { referenceOf } from "../../reference/outcome.ts";
import { randomCase, writtenCase } from "../../reference/random/case.ts";
import { addressOf, tokenOf } from "../../reference/random/judge.ts";
import { changeBlamed } from "../blamed-edit.ts";
import type { Proof } from "../proof.ts";

type Stage = Awaited<ReturnType<typeof createStage>>;

/**
 * Of random denials on real sockets exactly the clauses are changed that the explanation blames, and the same request is sent again: it
 * must be let in. What is refused for its token is no matter of clauses: such denials are not drawn, and where a token is found wanting
 * behind a CUSTOM rule, which comes before it, that is counted by itself.
 */
export const prove: Proof = async ({ count = 1000, seed, progress }) => {
  await using stage = await createStage({ compareSeconds: false });
  const failures: string[] = [];
  const sizes = new Map<number, number>();
  let tried = 0;
  let flipped = 0;
  let tokens = 0;
  for (let batch = 0; tried < count; batch += 1) {
    for (const spec of fc.sample(randomCase, { numRuns: 20, seed: seed * 100_003 + batch })) {
      for (const { request, decision } of await denialsOf(stage, spec)) {
        if (tried >= count) break;
        tried += 1;
        const clauses = (decision.blame ?? []).reduce((sum, blame) => sum + Math.max(1, blame.clauses.length), 0);
        sizes.set(clauses, (sizes.get(clauses) ?? 0) + 1);
        const failure = await changeAndAsk(stage, spec, request, decision);
        if (failure === undefined) flipped += 1;
        else if (failure === behindCustom) tokens += 1;
        else
          failures.push(
            `${failure}\n${JSON.stringify(decision.blame)}\n${writtenCase({ ...spec, requests: [request] })}`,
          );
        if (tried % 100 === 0) progress(`${tried} denials, ${flipped} flipped`);
      }
    }
  }
  const single = sizes.get(1) ?? 0;
  return {
    lines: [
      `${tried} random denials, each asked again with exactly what was blamed changed: ${flipped} let in, ${failures.length} not`,
      `${single} by one clause, ${tried - single} by several at once, at most ${Math.max(0, ...sizes.keys())}; ${tokens} got past a CUSTOM rule and were then refused for their token`,
    ],
    failures,
  };
};

const behindCustom = "refused for its token";

interface Denial {
  readonly request: CaseRequest;
  readonly decision: DecisionRecord;
}

/** The requests of a case that the server's policies refuse, as its sidecar tells it. */
async function denialsOf(stage: Stage, spec: Case): Promise<readonly Denial[]> {
  const { mesh, rejected } = meshOf(spec, { id: spec.id, requests: {} });
  if (rejected.length > 0) return [];
  const reference = referenceOf(spec);
  const refused = spec.requests.filter((request) => {
    const wanted = reference(request, { addressOf, token: tokenOf(request) });
    return (
      wanted !== undefined && /^(?:http:403|http:401|closed)$/.test(wanted.outcome) && wanted.deniedBy !== undefined
    );
  });
  if (refused.length === 0) return [];
  const scene = await enterScene(stage, spec, mesh, []);
  const denials: Denial[] = [];
  for (const request of refused) {
    const decision = await decisionOn(scene, request);
    if (decision?.verdict === "deny") denials.push({ request, decision });
  }
  return denials;
}

async function decisionOn(
  scene: Awaited<ReturnType<typeof enterScene>>,
  request: CaseRequest,
): Promise<DecisionRecord | undefined> {
  const line = { log: "access" };
  // A caller with a sidecar has two that tell of it.
  const expected: ExpectedRequest = {
    outcome: "",
    client: {},
    upstream: [],
    proxies: request.from === "outsider" ? [line] : [line, line],
  };
  const observed = await observe(scene, request, expected);
  if (typeof observed === "string") throw new Error(`${observed} is not in the mesh`);
  return observed.told.proxies.findLast(({ side, decision }) => side === "inbound" && decision !== undefined)?.decision;
}

/** Undefined: it was let in. */
async function changeAndAsk(
  stage: Stage,
  spec: Case,
  request: CaseRequest,
  decision: DecisionRecord,
): Promise<string | undefined> {
  let config: string;
  try {
    config = changeBlamed(spec.config, decision.blame ?? []);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  const edited = { ...spec, config };
  const { mesh, rejected } = meshOf(edited, { id: spec.id, requests: {} });
  if (rejected.length > 0) return `the edit is not valid: ${rejected.join(", ")}\n${config}`;
  const after = await decisionOn(await enterScene(stage, edited, mesh, []), request);
  if (after?.verdict === "allow") return undefined;
  if (after?.reason === "jwt") return behindCustom;
  return `still refused: ${after?.reason ?? "nothing was decided"} ${after?.by?.id ?? ""}\n${config}`;
}

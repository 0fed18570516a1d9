import * as fc from "fast-check";
import { expect, it } from "vitest";
import type { ExpectedRequest } from "../conformance/case.ts";
import { decidedBy, outcomeOf } from "../conformance/outcome.ts";
import { meshOf } from "../conformance/mesh.ts";
import { enterScene, observe } from "../conformance/sockets/play-case.ts";
import { createStage } from "../conformance/sockets/run-sockets.ts";
import { referenceOf, type ReferenceOutcome } from "../reference/outcome.ts";
import { randomCase, writtenCase } from "../reference/random/case.ts";
import { addressOf, disagreement, tokenOf } from "../reference/random/judge.ts";

/** `MESHDEV_RANDOM_SOCKET_CASES=2000 MESHDEV_RANDOM_SEED=7` asks for more than the short part that always runs. */
const runs = Number(process.env["MESHDEV_RANDOM_SOCKET_CASES"] ?? 60);
const seed = Number(process.env["MESHDEV_RANDOM_SEED"] ?? 5);

it("sidecars on real sockets decide random requests under random policies as the specification does", async () => {
  await using stage = await createStage({ compareSeconds: false });
  let compared = 0;
  await fc.assert(
    fc.asyncProperty(randomCase, async (spec) => {
      const { mesh, rejected } = meshOf(spec, { id: spec.id, requests: {} });
      if (rejected.length > 0) return;
      const reference = referenceOf(spec);
      const scene = await enterScene(stage, spec, mesh, []);
      for (const request of spec.requests) {
        const wanted = reference(request, { addressOf, token: tokenOf(request) });
        if (wanted === undefined) continue;
        const observed = await observe(scene, request, toldOf(wanted));
        if (typeof observed === "string") throw new Error(`${observed} is not in the mesh`);
        const trace = { hits: [...observed.hits], proxies: [...observed.told.proxies] };
        const outcome = outcomeOf(request, observed.answer);
        const by = outcome.startsWith("http:")
          ? { deniedBy: decidedBy(trace, "deny"), allowedBy: decidedBy(trace, "allow") }
          : wanted;
        compared += 1;
        const difference = disagreement(request, wanted, { ...by, outcome });
        const reached = observed.hits.filter(({ workload }) => workload !== "ext-authz").length;
        if (difference !== undefined || reached > (/^(?:http:2|tcp:)/.test(wanted.outcome) ? 1 : 0))
          throw new Error(`${difference}, ${reached} arrived\n${writtenCase({ ...spec, requests: [request] })}`);
      }
    }),
    { numRuns: runs, seed },
  );
  process.stdout.write(`random on sockets: ${compared} requests\n`);
  expect(compared).toBeGreaterThan(runs);
}, 3_600_000);

/** What has to be told before a request is over: its line in the server's log, where there is one. */
function toldOf({ outcome, deniedBy, allowedBy }: ReferenceOutcome): ExpectedRequest {
  const isLogged = outcome.startsWith("http:") && (deniedBy ?? allowedBy) !== undefined;
  return { outcome, client: {}, upstream: [], proxies: isLogged ? [{ log: "access" }] : [] };
}

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { causeLines } from "../../cli/print/cause.ts";
import { lineText, seg } from "../../cli/print/segment.ts";
import { causeOf } from "../../runtime/store/cause.ts";
import { meshOf } from "../conformance/mesh.ts";
import { enterScene, observe } from "../conformance/sockets/play-case.ts";
import { createStage } from "../conformance/sockets/run-sockets.ts";
import { confusingDenials, denialCase } from "../support/confusing-denials.ts";

describe("denials that people stare at, on real sockets", () => {
  let stage: Awaited<ReturnType<typeof createStage>>;
  beforeAll(async () => {
    stage = await createStage({ compareSeconds: false });
  });
  afterAll(() => stage[Symbol.asyncDispose]());

  it.for(confusingDenials)("$name: the first two lines name the cause", async (denial) => {
    const spec = denialCase(denial);
    const { mesh, rejected } = meshOf(spec, { id: spec.id, requests: {} });
    expect(rejected).toEqual([]);
    const scene = await enterScene(stage, spec, mesh, []);
    const [request] = spec.requests;
    const proxies = denial.request.tcp === undefined ? [{ log: "access" }] : [{ log: "tcp" }];
    const observed =
      request && (await observe(scene, request, { outcome: "http:403", client: {}, upstream: [], proxies }));
    if (observed === undefined || typeof observed === "string") throw new Error("nothing was sent");
    const cause = observed.told.events.flatMap((event) => causeOf(event) ?? []).at(-1);
    expect(observed.hits.filter(({ workload }) => workload !== "opa")).toEqual([]);
    if (cause === undefined) throw new Error("nothing was told");
    expect(cause.text).toMatch(denial.text);
    const [, second] = causeLines(cause, seg("DENY"));
    expect(lineText(second ?? [])).toMatch(/^ {2}at \S+:\d+:\d+ {2}(?:\w+ )?AuthorizationPolicy default\//);
    expect(spec.config.split("\n")[(cause.at?.line ?? 0) - 1]).toContain(denial.at);
  });
});

import * as fc from "fast-check";
import { expect, it } from "vitest";
import { outcomesOf } from "../../../runtime/access/classes.ts";
import type { ClassOutcome } from "../../../runtime/access/outcome.ts";
import { type Partition, partition } from "../../../runtime/access/partition.ts";
import type { GuardedPort, Seen } from "../../../runtime/access/sample.ts";
import type { Decision, RequestFacts } from "../../../runtime/model/decision.ts";
import { customStart } from "../../../runtime/policy/custom.ts";
import { decidedFacts } from "../../../runtime/policy/decide.ts";
import type { PaperProxy } from "../../../runtime/predict/world.ts";
import { engineOf } from "../../reference/engine.ts";
import { referenceOf } from "../../reference/outcome.ts";
import { randomCase, writtenCase } from "../../reference/random/case.ts";
import { addressOf, tokenOf } from "../../reference/random/judge.ts";

/** `MESHDEV_RANDOM_CASES=100000 MESHDEV_RANDOM_SEED=7` asks for more than the short part that always runs. */
const runs = Number(process.env["MESHDEV_RANDOM_CASES"] ?? 40);
const seed = Number(process.env["MESHDEV_RANDOM_SEED"] ?? 1);

const surroundings = { identities: [], addresses: [], hosts: ["backend.default"] };

interface Taken {
  readonly port: GuardedPort;
  readonly seen: Seen;
  readonly layer: "http" | "tcp";
  readonly decision: Pick<ClassOutcome, "verdict"> & { readonly by: string | undefined };
}

/** Notes how a sidecar sees what arrives, and what it decides when every provider agrees. */
function watchInto(taken: Taken[]): (proxy: PaperProxy) => PaperProxy {
  return (proxy) => {
    const { inbound, trust, workload } = proxy.snapshot;
    const idOf = (layer: "http" | "tcp", by: Decision["by"]): string | undefined => {
      const policy = by === undefined ? undefined : inbound[layer].policies[by.policy];
      return by === undefined ? undefined : `${policy?.id}-rule[${policy?.rules[by.rule]?.index}]`;
    };
    const take = (layer: "http" | "tcp", facts: RequestFacts): void => {
      const decision = proxy[layer](facts);
      let cursor = customStart;
      let asking: string | undefined;
      let refused: Decision | undefined;
      for (;;) {
        const step = proxy.custom[layer]?.(facts, cursor);
        if (step === undefined) break;
        if (step.kind === "refuse") {
          refused = step.decision;
          break;
        }
        asking = idOf(layer, step.by);
        cursor = step.next;
      }
      const final = refused ?? decision;
      const depends = final.verdict === "allow" && asking !== undefined;
      const { token } = decision;
      taken.push({
        port: {
          address: workload.address,
          port: facts.destinationPort,
          listener: proxy.listener(facts.destinationPort),
          inbound,
          trust,
        },
        layer,
        seen: {
          plaintext: facts.peer === undefined,
          token: token === undefined ? "none" : token.fault === undefined ? "accepted" : "refused",
          facts: layer === "tcp" ? facts : decidedFacts(facts, inbound, decision),
        },
        decision: depends ? { verdict: "depends", by: asking } : { verdict: final.verdict, by: idOf(layer, final.by) },
      });
    };
    const decideOf =
      (layer: "http" | "tcp") =>
      (facts: RequestFacts): Decision => {
        if (proxy.custom[layer] === undefined) take(layer, facts);
        return proxy[layer](facts);
      };
    const customOf = (layer: "http" | "tcp"): PaperProxy["custom"]["http"] => {
      const next = proxy.custom[layer];
      if (next === undefined) return undefined;
      return (facts, cursor) => {
        if (cursor === customStart) take(layer, facts);
        return next(facts, cursor);
      };
    };
    return {
      ...proxy,
      http: decideOf("http"),
      tcp: decideOf("tcp"),
      custom: { http: customOf("http"), tcp: customOf("tcp") },
    };
  };
}

it("every random request is in a class whose outcome is the engine's and the reference's", () => {
  const counts = new Map<string, number>();
  const count = (what: string): void => {
    counts.set(what, (counts.get(what) ?? 0) + 1);
  };
  fc.assert(
    fc.property(randomCase, (spec) => {
      const taken: Taken[] = [];
      const engine = engineOf(spec, watchInto(taken));
      if (engine === undefined) return;
      const reference = referenceOf(spec);
      const partitions = new Map<string, Partition>();
      for (const request of spec.requests) {
        taken.length = 0;
        engine(request);
        const last = taken.find(({ port }) => port.address === "10.244.0.21");
        if (last === undefined) continue;
        const { port, layer, seen, decision } = last;
        const key = `${port.port} ${layer}`;
        const parts = partitions.get(key) ?? partition([port], layer, surroundings);
        partitions.set(key, parts);
        const [outcome] = outcomesOf(parts, [seen]) ?? [];
        const peer = seen.facts.peer?.uriSans[0] ?? "";
        if (outcome === undefined && peer !== "" && !/^spiffe:\/\/[^/]+\/ns\/[^/]+\/sa\/[^/]+$/.test(peer)) {
          count("identities that the mesh gives to nobody");
          continue;
        }
        const told = { verdict: outcome?.verdict, by: outcome?.by?.id };
        const where = `${request.id} ${JSON.stringify({ told, decision })}\n${writtenCase({ ...spec, requests: [request] })}`;
        if (told.verdict !== decision.verdict || told.by !== decision.by) throw new Error(where);
        count(decision.verdict);
        const wanted = reference(request, { addressOf, token: tokenOf(request) });
        if (wanted === undefined || decision.verdict === "depends") continue;
        if (
          /^(http:200|tcp:echo)/.test(wanted.outcome) &&
          wanted.deniedBy === undefined &&
          decision.verdict !== "allow"
        )
          throw new Error(`reference: ${JSON.stringify(wanted)} ${where}`);
        if (/^http:40[13]/.test(wanted.outcome) && decision.verdict !== "deny")
          throw new Error(`reference: ${JSON.stringify(wanted)} ${where}`);
      }
    }),
    { numRuns: runs, seed },
  );
  process.stdout.write(`classes: ${[...counts].map(([what, times]) => `${what} ${times}`).join(", ")}\n`);
  expect(counts.get("deny")).toBeGreaterThan(runs / 3);
}, 3_600_000);

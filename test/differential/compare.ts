import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { startProgram } from "../bench/chains/program.ts";
import type { Certificates } from "../conformance/sockets/certificates.ts";
import { startAuthorizer } from "./authorizer.ts";
import { bootstrap, firstSourcePort, httpSocket, normalizations, tcpSocket } from "./bootstrap.ts";
import { askAll, echoes, open } from "./connection.ts";
import { factsOf, lane, question } from "./questions.ts";
import { type Scenario, scenarios } from "./scenario.ts";
import { envoyHttp, ourHttp, ourTcp } from "./verdict.ts";

export interface Disagreement {
  readonly scenario: Scenario;
  readonly connection: object;
  readonly request: string;
  readonly envoy: string;
  readonly ours: string;
}

export interface Batch {
  readonly seed: number;
  readonly scenarios: number;
  readonly perScenario: number;
}

export interface Compared {
  /** Decisions by what they came to: `http 200`, `tcp closed`. */
  readonly counts: ReadonlyMap<string, number>;
  readonly disagreements: readonly Disagreement[];
}

/** Connections of one listener; each takes its part of the requests of every scenario. */
const lanesEach = 12;

/** Starts one Envoy with the policies of many scenarios and asks it and our engine the same. */
export async function compareWithEnvoy(envoy: string, certificates: Certificates, batch: Batch): Promise<Compared> {
  const folder = mkdtempSync(join(tmpdir(), "mdd-"));
  try {
    const drawn = scenarios(batch.scenarios, batch.seed);
    const own = await certificates.issue("mesh", "spiffe://cluster.local/ns/default/sa/backend");
    const files = { roots: join(folder, "roots"), chain: join(folder, "chain"), key: join(folder, "key") };
    writeFileSync(files.roots, certificates.roots("mesh"));
    writeFileSync(files.chain, own.chain);
    writeFileSync(files.key, own.key, { mode: 0o600 });
    const config = join(folder, "envoy.json");
    const enforced = drawn.map((scenario) => scenario.enforced);
    writeFileSync(config, JSON.stringify(bootstrap(folder, enforced, files)));
    await using _authorizer = await startAuthorizer(folder);
    await using _running = await startProgram(
      envoy,
      ["-c", config, "--concurrency", "1", "--disable-hot-restart", "--log-level", "error"],
      [tcpSocket(folder)],
    );
    const counts = new Map<string, number>();
    const disagreements: Disagreement[] = [];
    const judge = (kind: string, one: Disagreement): void => {
      const what = `${kind} ${one.envoy.split(" ", 1)[0]}`;
      counts.set(what, (counts.get(what) ?? 0) + 1);
      if (one.envoy !== one.ours) disagreements.push(one);
    };
    const place = { folder, drawn, certificates, batch, judge };
    for (const mode of normalizations) await askHttp(place, mode);
    await askTcp(place);
    return { counts, disagreements };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Place {
  readonly folder: string;
  readonly drawn: readonly Scenario[];
  readonly certificates: Certificates;
  readonly batch: Batch;
  readonly judge: (kind: string, one: Disagreement) => void;
}

async function askHttp(place: Place, mode: (typeof normalizations)[number]): Promise<void> {
  const { folder, drawn, certificates, batch, judge } = place;
  const mine = [...drawn.entries()].filter(([, { enforced }]) => enforced.normalization === mode);
  const ours = mine.map(([, scenario]) => ourHttp(scenario));
  const seed = batch.seed * 10 + normalizations.indexOf(mode);
  const each = Math.max(1, Math.round(batch.perScenario / lanesEach));
  const lanes = fc.sample(lane, { numRuns: lanesEach, seed });
  await Promise.all(
    lanes.map(async (one, index) => {
      const drawnTexts = fc.sample(question, { numRuns: mine.length * each, seed: seed * 100 + index });
      const requests = drawnTexts.map((text, place) => `${text}\r\nx-scenario: ${mine[Math.floor(place / each)]?.[0]}`);
      const path = httpSocket(folder, mode, one.certificate !== undefined);
      const replies = await askAll(() => open(path, one, firstSourcePort, certificates), requests);
      const facts = factsOf(one);
      for (const [at, reply] of replies.entries()) {
        const found = Math.floor(at / each);
        const [scenario, request, decide] = [mine[found]?.[1], requests[at], ours[found]];
        if (scenario === undefined || request === undefined || decide === undefined) continue;
        const told = { scenario, connection: one, request };
        const { text, asked } = decide(facts, request);
        judge(asked ? "http asked" : "http", { ...told, envoy: envoyHttp(reply), ours: text });
      }
    }),
  );
}

/** One connection is one decision. */
async function askTcp({ folder, drawn, certificates, batch, judge }: Place): Promise<void> {
  const lanes = fc.sample(lane, { numRuns: drawn.length * tcpEach, seed: batch.seed });
  const queue = lanes.entries();
  const work = async (): Promise<void> => {
    for (const [at, one] of queue) {
      const number = Math.floor(at / tcpEach);
      const scenario = drawn[number];
      if (scenario === undefined) continue;
      const socket = await open(tcpSocket(folder), one, firstSourcePort + number, certificates);
      const word = (open: boolean): string => (open ? "echo" : "closed");
      const envoy = word(await echoes(socket));
      const { allowed, asked } = ourTcp(scenario)(factsOf(one));
      judge(asked ? "tcp asked" : "tcp", { scenario, connection: one, request: "", envoy, ours: word(allowed) });
    }
  };
  await Promise.all(Array.from({ length: 16 }, work));
}

const tcpEach = 8;

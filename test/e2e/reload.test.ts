import { closeSync, openSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { allowOnly, callsOf, createLoadProject, peerAuthentication, type CallRecord } from "./support/load.ts";
import { until, type Project } from "./support/project.ts";

interface Generation {
  readonly number: number;
  readonly live: number;
  readonly total: number;
}

/** Every edit is made while two callers, one meshed and one in plaintext, keep calling. */
describe("hot reload under load", () => {
  let project: Project;

  beforeAll(async () => {
    project = await createLoadProject();
    const up = await project.meshdev("up", "-d");
    expect(up, up.stderr).toMatchObject({ code: 0 });
  });
  afterAll(() => project[Symbol.asyncDispose]());

  async function generation(): Promise<Generation> {
    const state = JSON.parse((await project.meshdev("ps", "-o", "json")).stdout) as { readonly generation: Generation };
    return state.generation;
  }

  /** Makes the edit, waits until the next generation is live everywhere, and returns when that was. */
  async function applied(edit: () => void): Promise<number> {
    const before = (await generation()).number;
    edit();
    await until("the next generation on all proxies", async () => {
      const now = await generation();
      return now.number > before && now.live === now.total ? now : undefined;
    });
    return Date.now();
  }

  /** Waits until `service` has begun and ended some calls after `since`, and returns those. */
  function callsAfter(service: string, since: number): Promise<readonly CallRecord[]> {
    return until(`calls of ${service}`, async () => {
      const calls = (await callsOf(project, service)).filter((call) => call.begun > since);
      return calls.length >= 5 ? calls : undefined;
    });
  }

  const statuses = (calls: readonly CallRecord[]): readonly number[] => [...new Set(calls.map((call) => call.status))];

  it("starts with STRICT: frontend in, outsider out", async () => {
    expect(statuses(await callsAfter("frontend", 0))).toEqual([200]);
    expect(statuses(await callsAfter("outsider", 0))).toEqual([0]);
  });

  it("PERMISSIVE lets plaintext through TLS' door, and policy still wants an identity", async () => {
    const live = await applied(() => {
      project.write("mesh/peer.yaml", peerAuthentication("PERMISSIVE"));
    });
    expect(statuses(await callsAfter("outsider", live))).toEqual([403]);
    expect(statuses(await callsAfter("frontend", live))).toEqual([200]);
  });

  it("back to STRICT closes the connections plaintext has open", async () => {
    const live = await applied(() => {
      project.write("mesh/peer.yaml", peerAuthentication("STRICT"));
    });
    expect(statuses(await callsAfter("outsider", live))).toEqual([0]);
  });

  it("an edited policy decides every request after the ACK", async () => {
    const live = await applied(() => {
      project.write("mesh/allow.yaml", allowOnly("somebody-else"));
    });
    expect(statuses(await callsAfter("frontend", live))).toEqual([403]);
  });

  it("broken YAML changes nothing and is a problem with its place", async () => {
    const before = (await generation()).number;
    project.write("mesh/allow.yaml", `${allowOnly("frontend")}  broken: [`);
    const state = await until("a problem", async () => {
      const now = JSON.parse((await project.meshdev("ps", "-o", "json")).stdout) as {
        readonly problems: readonly {
          readonly code: string;
          readonly at?: { readonly file: string; readonly line: number };
        }[];
      };
      return now.problems.some((problem) => problem.code === "MD1001") ? now : undefined;
    });
    expect(state.problems.find((problem) => problem.code === "MD1001")?.at).toMatchObject({
      file: expect.stringContaining("allow.yaml") as unknown,
    });
    expect((await generation()).number).toBe(before);
    expect(statuses(await callsAfter("frontend", Date.now()))).toEqual([403]);
  });

  it("mended YAML goes live", async () => {
    const live = await applied(() => {
      project.write("mesh/allow.yaml", allowOnly("frontend"));
    });
    expect(statuses(await callsAfter("frontend", live))).toEqual([200]);
  });

  it("a half-written file allows nothing: the DENY below the cut stays in force until the file is whole", async () => {
    const deny = `apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: deny-all-get, namespace: default}
spec:
  action: DENY
  rules: [{to: [{operation: {methods: ["GET"]}}]}]
`;
    const whole = `${allowOnly("frontend")}---\n${deny}`;
    const live = await applied(() => {
      project.write("mesh/allow.yaml", whole);
    });
    expect(statuses(await callsAfter("frontend", live))).toEqual([403]);

    // An editor that truncates, writes the first document, and takes its time for the second: far longer than any quiet time.
    const file = openSync(join(project.directory, "mesh/allow.yaml"), "w");
    const stalledFrom = Date.now();
    for (const piece of [whole.slice(0, 40), whole.slice(40, allowOnly("frontend").length)]) {
      writeSync(file, piece);
      await new Promise((next) => setTimeout(next, 400));
    }
    writeSync(file, whole.slice(allowOnly("frontend").length));
    closeSync(file);
    const calls = await callsAfter("frontend", stalledFrom);
    expect(statuses(calls)).toEqual([403]);
  });

  it("a deleted policy is gone: no ALLOW policy means everyone with a certificate", async () => {
    const live = await applied(() => {
      rmSync(join(project.directory, "mesh/allow.yaml"));
    });
    expect(statuses(await callsAfter("frontend", live))).toEqual([200]);
    expect(statuses(await callsAfter("outsider", live))).toEqual([0]);
  });

  it("lost no request of the meshed caller to any reload", async () => {
    const calls = await callsOf(project, "frontend");
    expect(calls.length).toBeGreaterThan(100);
    expect(calls.filter((call) => call.status !== 200 && call.status !== 403)).toEqual([]);
  });
});

import { afterEach, describe, expect, it, vi } from "vitest";
import { createKeySets, type KeySets } from "../../../runtime/control/key-sets.ts";
import type { Problem } from "../../../runtime/core/problem.ts";
import type { Mesh } from "../../../runtime/model/mesh.ts";
import type { Resource } from "../../../runtime/model/resource.ts";
import { paperMesh } from "../../support/paper-mesh.ts";
import { createTestClock } from "./test-clock.ts";

const url = "https://id.example/keys";

function meshWith(...rules: readonly object[]): Mesh {
  const document = {
    apiVersion: "security.istio.io/v1",
    kind: "RequestAuthentication",
    metadata: { name: "jwt", namespace: "default" },
    spec: { jwtRules: rules },
  };
  return paperMesh({ workloads: [], yaml: JSON.stringify(document) });
}

const clock = createTestClock();
const fetchText = vi.fn<(asked: string, timeoutMs: number) => Promise<string>>();
let keys: ReadonlyMap<string, string> = new Map();
let problems: readonly Problem[] = [];
let sets: KeySets | undefined;

function open(): KeySets {
  fetchText.mockReset();
  keys = new Map();
  problems = [];
  sets = createKeySets({
    clock,
    fetchText,
    onKeys: (next) => {
      keys = next;
    },
    onProblems: (next) => {
      problems = next;
    },
  });
  return sets;
}

afterEach(() => {
  sets?.close();
});

const setOf = (name: string): string => JSON.stringify({ keys: [{ kid: name }] });

describe("createKeySets", () => {
  it("fetches each URL once, with the rule's time, and again after twenty minutes", async () => {
    const all = open();
    fetchText.mockResolvedValueOnce(setOf("a")).mockResolvedValueOnce(setOf("b"));
    all.want(
      meshWith(
        { issuer: "a", jwksUri: url, timeout: "2s" },
        { issuer: "b", jwksUri: url },
        { issuer: "c", jwks: '{"keys":[]}' },
      ),
    );
    await all.settled();
    expect(fetchText.mock.calls).toEqual([[url, 2000]]);
    expect([...keys]).toEqual([[url, setOf("a")]]);
    clock.advance(20 * 60_000 - 1);
    expect(fetchText).toHaveBeenCalledTimes(1);
    clock.advance(1);
    await all.settled();
    expect(keys.get(url)).toBe(setOf("b"));
  });

  const byProxy = (mode: string, ...hosts: readonly string[]): Mesh => {
    const mesh = meshWith({ issuer: "a", jwksUri: url });
    const entry = { kind: "ServiceEntry", apiVersion: "networking.istio.io/v1", spec: { hosts } };
    const others = hosts.length === 0 ? mesh.others : [...mesh.others, { ...mesh.others[0], ...entry } as Resource];
    return { ...mesh, others, features: { PILOT_JWT_ENABLE_REMOTE_JWKS: mode } };
  };

  it("keeps what a proxy fetches for five minutes, and nothing older (spec RA-24)", async () => {
    const all = open();
    fetchText.mockResolvedValueOnce(setOf("a")).mockRejectedValue(new Error("connect ECONNREFUSED"));
    all.want(byProxy("hybrid", "id.example"));
    await all.settled();
    expect([...keys]).toEqual([[url, setOf("a")]]);
    clock.advance(5 * 60_000);
    await all.settled();
    expect([...keys]).toEqual([]);
    expect(problems[0]?.message).toMatch(/every token of this rule is refused/);
  });

  it("fetches nothing from a host that a proxy does not know, until it does", async () => {
    const all = open();
    fetchText.mockResolvedValue(setOf("a"));
    all.want(byProxy("envoy"));
    await all.settled();
    expect(fetchText).not.toHaveBeenCalled();
    expect(problems[0]?.message).toMatch(/neither a Service nor the host of a ServiceEntry/);
    all.want(byProxy("envoy", "id.example"));
    await all.settled();
    expect([...keys]).toEqual([[url, setOf("a")]]);
    expect(problems).toEqual([]);
  });

  it("asks the issuer where its keys are when no rule says it", async () => {
    const all = open();
    fetchText.mockResolvedValueOnce(JSON.stringify({ jwks_uri: url })).mockResolvedValueOnce(setOf("a"));
    all.want(meshWith({ issuer: "https://id.example/" }));
    await all.settled();
    expect(fetchText.mock.calls.map(([asked]) => asked)).toEqual([
      "https://id.example/.well-known/openid-configuration",
      url,
    ]);
    expect([...keys]).toEqual([["https://id.example/.well-known/openid-configuration", setOf("a")]]);
  });

  it("tries again after a failure, ever more seldom, and says where the rule is", async () => {
    const all = open();
    fetchText.mockRejectedValue(new Error("connect ECONNREFUSED"));
    all.want(meshWith({ issuer: "a", jwksUri: url }));
    await all.settled();
    expect(problems).toMatchObject([
      { code: "MD7010", severity: "warning", at: { file: "mesh.yaml" }, field: "spec.jwtRules[0].jwksUri" },
    ]);
    expect(problems[0]?.message).toMatch(/ECONNREFUSED; every token of this rule is refused/);
    for (const [wait, calls] of [
      [999, 1],
      [1, 2],
      [1999, 2],
      [1, 3],
      [3999, 3],
      [1, 4],
    ] as const) {
      clock.advance(wait);
      await all.settled();
      expect(fetchText).toHaveBeenCalledTimes(calls);
    }
    fetchText.mockResolvedValue(setOf("a"));
    all.retry();
    await all.settled();
    expect([keys.size, problems]).toEqual([1, []]);
  });

  it.each(["", "<html>", "[]", "{}", '{"keys":{}}'])(
    "takes %j for no key set, and keeps the last good one",
    async (text) => {
      const all = open();
      fetchText.mockResolvedValueOnce(setOf("a")).mockResolvedValueOnce(text);
      all.want(meshWith({ issuer: "a", jwksUri: url }));
      await all.settled();
      clock.advance(20 * 60_000);
      await all.settled();
      expect(keys.get(url)).toBe(setOf("a"));
      expect(problems[0]?.message).toMatch(/no JWK set; the last keys that came stay in use/);
    },
  );

  it("forgets what no rule names any more", async () => {
    const all = open();
    fetchText.mockResolvedValue(setOf("a"));
    all.want(meshWith({ issuer: "a", jwksUri: url }));
    await all.settled();
    all.want(meshWith({ issuer: "a", jwks: '{"keys":[]}' }));
    expect(keys.size).toBe(0);
    clock.advance(20 * 60_000);
    expect(fetchText).toHaveBeenCalledTimes(1);
  });

  it("tells nothing after its end", async () => {
    const all = open();
    fetchText.mockResolvedValue(setOf("a"));
    all.want(meshWith({ issuer: "a", jwksUri: url }));
    all.close();
    await all.settled();
    expect(keys.size).toBe(0);
  });
});

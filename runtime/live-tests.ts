import type { AskLive } from "./live/ask.ts";
import { carryClaims, type LiveSession, withLive } from "./live-session.ts";
import type { PredictedCall } from "./predict/call.ts";
import { carryToken } from "./predict/token-call.ts";
import type { TestCase } from "./suite/case.ts";
import type { LiveOutcome } from "./suite/report.ts";
import type { AskedCase } from "./suite/run.ts";
import { askOffline, type LoadedTests } from "./tests.ts";

/** Calls under way at once: their events come in batches, which nobody should wait for one by one. */
const lanes = 12;

/** The cases on paper and through real sidecars; both know the same addresses. */
export async function askBoth(
  loaded: LoadedTests,
  live: LiveSession,
  signal: AbortSignal,
): Promise<readonly { readonly asked: AskedCase; readonly live: LiveOutcome }[]> {
  return withLive(loaded.mesh, live, signal, async (ask, mesh) => {
    const here = { ...loaded, mesh };
    const asked = askOffline(here);
    const results = new Map<AskedCase, LiveOutcome>();
    const run = async (each: AskedCase): Promise<void> => {
      signal.throwIfAborted();
      results.set(each, await askLive(here, each.test, ask));
    };
    // Events of raw connections do not say which call they are of: these come one after the other.
    const isRaw = ({ test }: AskedCase): boolean => test.call.tcp !== undefined;
    await inLanes(
      asked.filter((each) => !isRaw(each)),
      run,
    );
    for (const each of asked.filter(isRaw)) await run(each);
    return asked.map((each) => ({ asked: each, live: results.get(each) ?? { skipped: "it was not asked" } }));
  });
}

async function inLanes<T>(items: readonly T[], run: (item: T) => Promise<void>): Promise<void> {
  const rest = items.values();
  const lane = async (): Promise<void> => {
    for (const item of rest) await run(item);
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}

function askLive(loaded: LoadedTests, test: TestCase, ask: AskLive): Promise<LiveOutcome> {
  if (test.given.policies.length > 0) return skipped("the case supposes other policies than those that run");
  if (Object.keys(test.given.authorizers).length > 0) return skipped("the case supposes what an authorizer says");
  const call = withToken(loaded, test);
  return call === undefined ? skipped("only the keys of `meshdev token` can sign what a case claims") : ask(call);
}

function skipped(reason: string): Promise<LiveOutcome> {
  return Promise.resolve({ skipped: reason });
}

/** The call with a token that real sidecars can verify; undefined: nobody here can sign it. */
function withToken(
  { directory, mesh, surroundings }: LoadedTests,
  { call, token }: TestCase,
): PredictedCall | undefined {
  if (token === undefined) return call;
  if (token.kind === "file") return carryToken(mesh, call, surroundings.tokens.get(token.path) ?? "");
  return carryClaims(directory, mesh, call, token.claims);
}

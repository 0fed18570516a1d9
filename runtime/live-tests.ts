import type { MeshClient } from "./control/client.ts";
import { systemClock } from "./core/clock.ts";
import { issuerFolder, issuerKey } from "./host/issuer-store.ts";
import { signToken } from "./identity/issuer.ts";
import { type AskLive, bindLive } from "./live/ask.ts";
import { createEar } from "./live/ear.ts";
import { findEntrances, withLiveAddresses } from "./live/entrance.ts";
import type { SessionInfo } from "./model/session.ts";
import type { PredictedCall } from "./predict/call.ts";
import { carryToken, jwtRules } from "./predict/token-call.ts";
import type { TestCase } from "./suite/case.ts";
import { claimsOf } from "./suite/offline.ts";
import type { LiveOutcome } from "./suite/report.ts";
import { askOffline, type LoadedTests } from "./tests.ts";
import { takesOwnKeys } from "./tokens.ts";
import type { AskedCase } from "./suite/run.ts";

/** A running mesh and the connection to it. */
export interface LiveSession {
  readonly session: SessionInfo;
  readonly client: MeshClient;
}

/** Calls under way at once: their events come in batches, which nobody should wait for one by one. */
const lanes = 12;

/** The cases on paper and through real sidecars; both know the same addresses. */
export async function askBoth(
  loaded: LoadedTests,
  { session, client }: LiveSession,
  signal: AbortSignal,
): Promise<readonly { readonly asked: AskedCase; readonly live: LiveOutcome }[]> {
  const ear = createEar((stop) => client.events({ signal: AbortSignal.any([signal, stop]) }));
  try {
    await ear.begun;
    const mesh = withLiveAddresses(loaded.mesh, await client.state());
    const here = { ...loaded, mesh };
    const asked = askOffline(here);
    const ask = bindLive({ mesh, entrances: findEntrances(session.folder, mesh), ear, clock: systemClock });
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
  } finally {
    ear.close();
  }
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
  const claims = claimsOf(mesh, token.claims);
  const takers = jwtRules(mesh).filter((rule) => [undefined, "", claims["iss"]].includes(rule.issuer));
  if (!takers.every(takesOwnKeys)) return undefined;
  return carryToken(mesh, call, signToken(issuerKey(issuerFolder(directory)), claims));
}

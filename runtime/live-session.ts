import type { MeshClient } from "./control/client.ts";
import { systemClock } from "./core/clock.ts";
import { MeshError } from "./core/error.ts";
import { issuerFolder, issuerKey } from "./host/issuer-store.ts";
import { signToken } from "./identity/issuer.ts";
import { type AskLive, bindLive } from "./live/ask.ts";
import { createEar } from "./live/ear.ts";
import { findEntrances, withLiveAddresses } from "./live/entrance.ts";
import type { Mesh } from "./model/mesh.ts";
import type { SessionInfo } from "./model/session.ts";
import type { PredictedCall } from "./predict/call.ts";
import { carryToken, jwtRules } from "./predict/token-call.ts";
import { claimsOf } from "./suite/offline.ts";
import type { Outcome } from "./suite/outcome.ts";
import { type CallToken, takesOwnKeys } from "./tokens.ts";

/** A call to be sent. */
export interface LiveCall {
  /** Project folder, which holds the key that signs claims. */
  readonly directory: string;
  readonly mesh: Mesh;
  readonly call: PredictedCall;
  readonly token: CallToken | undefined;
}

/** A running mesh and the connection to it. */
export interface LiveSession {
  readonly session: SessionInfo;
  readonly client: MeshClient;
}

/** Calls through the sidecars of a running mesh; `mesh` has its addresses then. */
export async function withLive<T>(
  given: Mesh,
  { session, client }: LiveSession,
  signal: AbortSignal,
  use: (ask: AskLive, mesh: Mesh) => Promise<T>,
): Promise<T> {
  const ear = createEar((stop) => client.events({ signal: AbortSignal.any([signal, stop]) }));
  try {
    await ear.begun;
    const mesh = withLiveAddresses(given, await client.state());
    return await use(bindLive({ mesh, entrances: findEntrances(session.folder, mesh), ear, clock: systemClock }), mesh);
  } finally {
    ear.close();
  }
}

/** The call with a token that real sidecars verify; undefined: no key of ours is taken. */
export function carryClaims(
  directory: string,
  mesh: Mesh,
  call: PredictedCall,
  given: Readonly<Record<string, unknown>>,
): PredictedCall | undefined {
  const claims = claimsOf(mesh, given);
  const takers = jwtRules(mesh).filter((rule) => [undefined, "", claims["iss"]].includes(rule.issuer));
  if (!takers.every(takesOwnKeys)) return undefined;
  return carryToken(mesh, call, signToken(issuerKey(issuerFolder(directory)), claims));
}

/** @throws MeshError MD8001 when it cannot be asked like this */
export async function askLive(asked: LiveCall, live: LiveSession, signal: AbortSignal): Promise<Outcome> {
  return withLive(asked.mesh, live, signal, async (ask, mesh) => {
    const call = signed({ ...asked, mesh });
    if (call === undefined)
      throw new MeshError("MD8001", "only the keys of `meshdev token` can sign claims, and the rules take others");
    const answer = await ask(call);
    if ("skipped" in answer) throw new MeshError("MD8001", `it cannot be asked live: ${answer.skipped}`);
    return answer;
  });
}

function signed({ directory, mesh, call, token }: LiveCall): PredictedCall | undefined {
  if (token === undefined) return call;
  return token.kind === "token"
    ? carryToken(mesh, call, token.token)
    : carryClaims(directory, mesh, call, token.claims);
}

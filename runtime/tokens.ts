import { systemClock, type Clock } from "./core/clock.ts";
import { createKeySets } from "./control/key-sets.ts";
import { createTextFetcher } from "./host/fetch-text.ts";
import { issuerFolder, issuerKey } from "./host/issuer-store.ts";
import { createIssuerKey, issuerKeySet, signToken } from "./identity/issuer.ts";
import { withOwnIssuer } from "./mesh-keys.ts";
import { devIssuer, isDevIssuer } from "./model/issuer.ts";
import type { JwtRule } from "./model/istio-security.ts";
import type { Mesh } from "./model/mesh.ts";
import type { PredictedCall } from "./predict/call.ts";
import { carryToken, jwtRules, withOneKeySet } from "./predict/token-call.ts";

/** A token that a predicted call carries. */
export type CallToken =
  | { readonly kind: "token"; readonly token: string }
  /** As if every rule had verified a token that says this. */
  | { readonly kind: "claims"; readonly claims: Readonly<Record<string, unknown>> };

/** What a token of the issuer for development shall say. */
export interface MintRequest {
  /** Undefined: what a rule of the project that takes the issuer's keys wants. */
  readonly issuer: string | undefined;
  readonly subject: string;
  readonly audiences: readonly string[];
  /** Further claims; these win over all others. */
  readonly claims: Readonly<Record<string, unknown>>;
  /** From now; undefined: never. */
  readonly expiresMs: number | undefined;
  readonly notBeforeMs: number | undefined;
  readonly badSignature: boolean;
}

export interface MintedToken {
  readonly token: string;
  readonly claims: Readonly<Record<string, unknown>>;
  readonly issuer: string;
  /** For `jwksUri`. */
  readonly keysUrl: string;
  /** Whether some rule of the project takes keys and issuer. */
  readonly trusted: boolean;
}

/** A token of the project's own issuer. @throws MeshError MD6010 */
export function mintDevToken(
  directory: string,
  mesh: Mesh | undefined,
  request: MintRequest,
  clock: Clock = systemClock,
): MintedToken {
  const own = mesh === undefined ? [] : jwtRules(mesh).filter(takesOwnKeys);
  const issuer = request.issuer ?? own.find((rule) => (rule.issuer ?? "") !== "")?.issuer ?? devIssuer.url;
  const now = Math.floor(clock.now() / 1000);
  const [audience, ...more] = request.audiences;
  const claims = {
    iss: issuer,
    sub: request.subject,
    ...(audience === undefined ? {} : { aud: more.length === 0 ? audience : request.audiences }),
    iat: now,
    ...(request.notBeforeMs === undefined ? {} : { nbf: now + Math.round(request.notBeforeMs / 1000) }),
    ...(request.expiresMs === undefined ? {} : { exp: now + Math.round(request.expiresMs / 1000) }),
    ...request.claims,
  };
  return {
    token: signToken(issuerKey(issuerFolder(directory)), claims, request.badSignature),
    claims,
    issuer,
    keysUrl: `${devIssuer.url}${devIssuer.keysPath}`,
    trusted: own.some((rule) => [undefined, "", claims.iss].includes(rule.issuer)),
  };
}

/** Whether a rule takes the keys of the issuer for development. */
export function takesOwnKeys(rule: JwtRule): boolean {
  return (rule.jwks ?? "") === "" && isDevIssuer(rule.jwksUri ?? rule.jwks_uri ?? rule.issuer ?? "");
}

/** The keys that the rules of a mesh name, each fetched once. Nothing of the mesh runs: what only it could serve is not there. */
export async function fetchKeySets(directory: string, mesh: Mesh): Promise<ReadonlyMap<string, string>> {
  let found: ReadonlyMap<string, string> = new Map();
  const keySets = createKeySets({
    clock: systemClock,
    fetchText: withOwnIssuer(issuerFolder(directory), createTextFetcher()),
    onKeys: (next) => {
      found = next;
    },
    onProblems: () => undefined,
  });
  keySets.want(mesh);
  await keySets.settled();
  keySets.close();
  return found;
}

/** The call with a token that says these things and that every rule verifies; `suppose`: a mesh whose rules do. */
export function supposeClaims(
  mesh: Mesh,
  call: PredictedCall,
  claims: Readonly<Record<string, unknown>>,
): { readonly suppose: (mesh: Mesh) => Mesh; readonly call: PredictedCall } {
  const key = createIssuerKey();
  const suppose = (given: Mesh): Mesh => withOneKeySet(given, issuerKeySet(key));
  const iss = jwtRules(mesh).find((rule) => (rule.issuer ?? "") !== "")?.issuer ?? devIssuer.url;
  const token = signToken(key, { iss, sub: "dev", ...claims });
  return { suppose, call: carryToken(suppose(mesh), call, token) };
}

import type { JsonObject, JwtProvider, TokenLocation } from "../../model/jwt.ts";
import { fault } from "./fault.ts";
import { readKeySet } from "./key-set.ts";
import { bindLocations, type FoundToken, removeToken } from "./locations.ts";
import { payloadForPolicies, writeOutputs } from "./outputs.ts";
import { parseJwt, type ParsedJwt } from "./parse.ts";
import type { RequestView } from "./request-view.ts";
import { createTokenCache } from "./token-cache.ts";
import { verifySignature } from "./verify.ts";

/** What one rule made of a request. */
export interface Attempt {
  /** Undefined: accepted. */
  readonly fault: string | undefined;
  readonly provider: JwtProvider | undefined;
  /** The token that decided; undefined: there is none. */
  readonly location: TokenLocation | undefined;
  readonly jwt: ParsedJwt | undefined;
  readonly size: number;
}

/** What a request has gathered so far; the payload of the last accepted token wins. */
export interface Gathered {
  readonly view: RequestView;
  /** Seconds since the epoch. */
  readonly now: number;
  claims: JsonObject | undefined;
  /** The rule and token that the payload comes from. */
  accepted: Attempt | undefined;
}

/** Seconds by which clocks may differ (spec RA-14). */
const clockSkew = 60;

/** A rule as a closure: every token in its places must be good, and they are looked at from the last place to the first (spec RA-7). */
export function bindProvider(provider: JwtProvider): (gathered: Gathered) => Attempt {
  const find = bindLocations(provider);
  const read = bindReader(provider);
  const own = provider.claimHeaders.map(({ header }) => header);
  if (provider.payloadHeader !== undefined) own.push(provider.payloadHeader);
  return (gathered) => {
    const { view, now } = gathered;
    for (const name of own) view.remove(name);
    const tokens = find(view);
    let last: Attempt = { fault: fault.missing, provider, location: undefined, jwt: undefined, size: 0 };
    for (const found of tokens.toReversed()) {
      last = { provider, location: found.location, size: found.token.length, ...read(found, now) };
      if (last.fault !== undefined || last.jwt === undefined) return last;
      writeOutputs(view, provider, last.jwt);
      if (!provider.forward) removeToken(view, found.location);
      gathered.claims = payloadForPolicies(last.jwt.payload, provider.spaceDelimited);
      gathered.accepted = last;
    }
    return last;
  };
}

interface Read {
  readonly fault: string | undefined;
  readonly jwt: ParsedJwt | undefined;
}

/**
 * Judges one token. The signature of a token that this rule verified with these keys is not verified again; everything else is looked
 * at every time, the clock above all.
 */
function bindReader(provider: JwtProvider): (found: FoundToken, now: number) => Read {
  const verify = bindKeys(provider);
  const verified = createTokenCache();
  return ({ token }, now) => {
    const known = verified.get(token);
    const jwt = known ?? parseJwt(token);
    if (typeof jwt === "string") return { fault: jwt, jwt: undefined };
    const wrong = faultOfClaims(provider, jwt, now);
    if (wrong !== undefined) {
      if (wrong === fault.expired) verified.drop(token);
      return { fault: wrong, jwt };
    }
    if (known !== undefined) return { fault: undefined, jwt };
    const unsigned = verify(jwt);
    if (unsigned === undefined) verified.put(token, jwt);
    return { fault: unsigned, jwt };
  };
}

function faultOfClaims(provider: JwtProvider, jwt: ParsedJwt, now: number): string | undefined {
  const { issuer, audiences, expires } = jwt.claims;
  if (provider.issuer !== "" && provider.issuer !== issuer) return fault.issuer;
  if (now + clockSkew < jwt.notBefore) return fault.notYetValid;
  if (expires !== 0 && now > expires + clockSkew) return fault.expired;
  const wanted = provider.audiences;
  if (wanted.length > 0 && !audiences.some((each) => wanted.includes(plainAudience(each)))) return fault.audience;
  return undefined;
}

function bindKeys({ keys }: JwtProvider): (jwt: ParsedJwt) => string | undefined {
  // The key that istiod makes up has no id and no algorithm, and nobody has its other half: everything fails the same way.
  if (keys.kind === "unavailable") return () => (keys.by === "proxy" ? fault.remoteFetch : fault.signature);
  const set = readKeySet(keys.text);
  return set.length === 0 ? () => fault.noValidKey : (jwt) => verifySignature(jwt, set);
}

/** `https://api.example/` as `api.example` (spec RA-9). */
export function plainAudience(audience: string): string {
  return audience.replace(/^https?:\/\//, "").replace(/\/$/, "");
}

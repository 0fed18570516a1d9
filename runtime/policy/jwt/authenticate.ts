import type { Clock } from "../../core/clock.ts";
import type { RequestFacts } from "../../model/decision.ts";
import type { JwtProvider, TokenOutcome } from "../../model/jwt.ts";
import { fault } from "./fault.ts";
import { isPreflight } from "./locations.ts";
import { type Attempt, bindProvider, type Gathered } from "./provider.ts";
import { openView } from "./request-view.ts";

type Verifier = (gathered: Gathered) => Attempt;

/**
 * What becomes of the tokens of a request; undefined: it has none where a rule looks. `clock` is asked once for every request that is
 * not a preflight.
 */
export function bindAuthentication(
  providers: readonly JwtProvider[],
  clock: Pick<Clock, "now">,
): (facts: RequestFacts) => TokenOutcome | undefined {
  const verify = requirement(providers.map(bindProvider));
  const reserved = reservedHeaders(providers);
  return (facts) => {
    if (isPreflight(facts)) return undefined;
    const view = openView(facts);
    for (const name of reserved) view.remove(name);
    const gathered: Gathered = {
      view,
      now: Math.floor(clock.now() / 1000),
      claims: undefined,
      accepted: undefined,
    };
    const verdict = verify(gathered);
    // A good token may have been taken out of its place before a bad one beside it was seen: then nobody finds either.
    const told = verdict.location === undefined ? gathered.accepted : verdict;
    if (told?.location === undefined) return undefined;
    return {
      fault: verdict.fault,
      // With one rule the place to look at is clear even when it takes another issuer.
      provider: verdict.fault === fault.issuer && providers.length > 1 ? undefined : told.provider,
      location: told.location,
      says: told.jwt?.claims,
      claims: gathered.claims,
      changes: view.changes(),
      size: told.size,
    };
  };
}

/** Headers that only a verified token may fill: they go from every request, whatever becomes of it (spec RA-11). */
export function reservedHeaders(providers: readonly JwtProvider[]): readonly string[] {
  const names = providers.flatMap(({ payloadHeader, claimHeaders }) => [
    ...(payloadHeader === undefined ? [] : [payloadHeader]),
    ...claimHeaders.map(({ header }) => header),
  ]);
  return [...new Set(names)];
}

/** ANY{P1, …, Pn, ALL{ANY{P1, missing}, …, ANY{Pn, missing}}}; of a single rule ANY{P1, missing} (spec RA-4). */
function requirement(rules: readonly Verifier[]): Verifier {
  const optional = rules.map((rule) => any([rule], true));
  const [only] = optional;
  return only !== undefined && rules.length === 1 ? only : any([...rules, all(optional)], false);
}

/** The first success; else the last fault that says more than "missing" or "unknown issuer" (spec RA-6). */
function any(children: readonly Verifier[], mayMiss: boolean): Verifier {
  return (gathered) => {
    let final = none;
    for (const child of children) {
      const attempt = child(gathered);
      if (attempt.fault === undefined) return attempt;
      const says = attempt.fault !== fault.missing && attempt.fault !== fault.issuer;
      if (says || final.fault === fault.missing) final = attempt;
    }
    return mayMiss && final.fault === fault.missing ? { ...final, fault: undefined } : final;
  };
}

/** The first fault; else the last token that was accepted. */
function all(children: readonly Verifier[]): Verifier {
  return (gathered) => {
    let accepted: Attempt = { ...none, fault: undefined };
    for (const child of children) {
      const attempt = child(gathered);
      if (attempt.fault !== undefined) return attempt;
      if (attempt.location !== undefined) accepted = attempt;
    }
    return accepted;
  };
}

const none: Attempt = { fault: fault.missing, provider: undefined, location: undefined, jwt: undefined, size: 0 };

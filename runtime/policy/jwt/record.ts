import type { RuleRecord, TokenRecord } from "../../model/decision.ts";
import type { JwtProvider, TokenOutcome } from "../../model/jwt.ts";

/** A token in words; the token itself is not among them. */
export function recordToken({ fault, provider, location, says }: TokenOutcome): TokenRecord {
  return {
    verified: fault === undefined,
    fault: fault ?? null,
    location: `${location.kind} ${location.name}`,
    issuer: says?.issuer ?? null,
    subject: says?.subject ?? null,
    audiences: says?.audiences ?? [],
    expires: says === undefined ? null : instant(says.expires),
    rule: provider === undefined ? null : ruleOf(provider),
  };
}

function ruleOf({ provenance }: JwtProvider): RuleRecord {
  const { resource, field, file, line, column } = provenance;
  const rule = Number(/^spec\.jwtRules\[(\d+)\]/.exec(field)?.[1] ?? 0);
  return { resource, action: "JWT", rule, id: `${resource} jwtRules[${rule}]`, file, line, column };
}

/** Later than any date that JavaScript has is never. */
function instant(seconds: number): string | null {
  return seconds === 0 || seconds > lastSecond ? null : new Date(seconds * 1000).toISOString();
}

const lastSecond = 8_640_000_000_000;

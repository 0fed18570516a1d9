import { bindJwtRules } from "../compile/request-authentication.ts";
import type { RequestFacts } from "../model/decision.ts";
import type { Mesh, Workload } from "../model/mesh.ts";
import type { Clause } from "../model/policy.ts";
import type { Provenance } from "../model/resource.ts";
import { bindClause } from "../policy/clause.ts";
import type { Reply } from "./ask.ts";
import { type RuleAt, type Standing, standingOf } from "./judge.ts";

/** What to do instead of an edit, or before one. */
export interface Advice {
  readonly kind: "send-token" | "other-token" | "ask-authorizer" | "join-mesh" | "not-policy";
  /** One sentence. */
  readonly text: string;
  /** Where it is written. */
  readonly at: readonly Provenance[];
  /** Of a token that is missing: what it has to say, `claim groups` with one of these. */
  readonly needs?: readonly { readonly field: string; readonly values: readonly string[] }[];
  /** Who may issue it. */
  readonly issuers?: readonly string[];
}

/** `instead`: what is asked for is no matter of an edit. */
export function adviceOn(mesh: Mesh, reply: Reply): { readonly advice: readonly Advice[]; readonly instead: boolean } {
  switch (reply.kind) {
    case "allowed":
      return { advice: [], instead: true };
    case "policy": {
      const tokens = tokenAdvice(standingOf(mesh, reply.workload, reply.facts));
      return {
        advice: [...tokens, ...identityAdvice(reply)],
        instead: tokens.length > 0,
      };
    }
    case "token": {
      const { token } = reply.decision;
      const fault = token?.fault ?? "it cannot be verified";
      const text = `the token was refused: ${fault}. No policy can let it pass: send one that verifies, or none`;
      return {
        advice: [{ kind: "other-token", text, at: [], issuers: issuersOf(mesh, reply.workload) }],
        instead: true,
      };
    }
    case "authorizer": {
      const { by, reason } = reply.decision;
      const what =
        reason === "ext-authz-denied"
          ? "an external authorizer refused it"
          : reason === "ext-authz-error"
            ? "an external authorizer could not be asked"
            : "its external authorizer is not known";
      const rule = by === null ? "" : `, whom rule ${by.rule} of ${by.resource} asks`;
      const text = `${what}${rule}: no edit of ALLOW or DENY policies changes that`;
      const at = by === null ? [] : [{ ...by, field: `spec.rules[${by.rule}]` }].map(placeOnly);
      return { advice: [{ kind: "ask-authorizer", text, at }], instead: true };
    }
    case "no-chain": {
      const sent = reply.sentPlain();
      const how = sent === undefined ? "let the caller join the mesh with a sidecar" : "its own sidecar sends it so";
      const text = `it came in plaintext to a port that wants mutual TLS: ${how}`;
      return { advice: [{ kind: "join-mesh", text, at: [...reply.because, ...(sent ?? [])] }], instead: false };
    }
    case "elsewhere":
      return {
        advice: [{ kind: "not-policy", text: `no policy refused it: ${reply.summary}`, at: [] }],
        instead: true,
      };
  }
}

function placeOnly({ resource, file, line, column, field }: Provenance): Provenance {
  return { resource, file, line, column, field };
}

function identityAdvice({
  facts,
  decision,
  sentPlain,
}: Extract<Reply, { readonly kind: "policy" }>): readonly Advice[] {
  if (facts.peer !== undefined || decision.note?.includes("plaintext") !== true) return [];
  const sent = sentPlain();
  if (sent === undefined) {
    const text = "the caller has no identity, because it came in plaintext: with a sidecar it has one";
    return [{ kind: "join-mesh", text, at: [] }];
  }
  const text = "the caller has no identity, because its own sidecar sends plaintext";
  return [{ kind: "join-mesh", text, at: sent }];
}

/** ALLOW rules that lack nothing but a token. */
function tokenAdvice(standing: Standing): readonly Advice[] {
  const { facts, denying, needsAllow, mesh, workload } = standing;
  if (facts.layer !== "http" || facts.claims !== undefined || denying.length > 0 || !needsAllow) return [];
  const issuers = issuersOf(mesh, workload);
  return standing.allowing.flatMap((at): readonly Advice[] => {
    const needs = tokenNeeds(at, facts);
    if (needs === undefined) return [];
    const said = needs.map(({ field, values }) => `${field} ${values.join(" or ")}`).join(", ");
    const who =
      issuers.length === 0 ? "and no RequestAuthentication verifies tokens here" : `issued by ${issuers.join(" or ")}`;
    const text = `send a token: rule ${at.rule.index} of ${at.policy.namespace}/${at.policy.name} wants ${said}, ${who}`;
    return [{ kind: "send-token", text, at: [at.rule.provenance], needs, issuers }];
  });
}

/** What a rule wants of a token, when all else of it holds. */
function tokenNeeds({ rule }: RuleAt, facts: RequestFacts): Advice["needs"] {
  const failing = (clauses: readonly Clause[]): readonly Clause[] =>
    clauses.filter((clause) => !bindClause(clause)(facts));
  const lists = [rule.from, rule.to].map((groups) => {
    if (groups.length === 0) return [];
    return groups.map(({ clauses }) => failing(clauses)).find((failed) => failed.every(isOfToken));
  });
  const [from, to] = lists;
  const when = failing(rule.when);
  if (from === undefined || to === undefined || !when.every(isOfToken)) return undefined;
  const needs = [...from, ...to, ...when].map(({ field, values }) => ({ field, values }));
  return needs.length === 0 ? undefined : needs;
}

function isOfToken({ attribute, negated }: Clause): boolean {
  return !negated && (attribute.kind === "claim" || attribute.kind === "request-principal");
}

function issuersOf(mesh: Mesh, workload: Workload): readonly string[] {
  return [...new Set(bindJwtRules(mesh)(workload).map(({ issuer }) => issuer))].filter((issuer) => issuer !== "");
}

import type { SourcePosition } from "../core/source.ts";
import type { Blame, DecisionRecord, RuleRecord } from "../model/decision.ts";
import type { HandshakeEvent, MeshEvent } from "../model/event.ts";
import type { ExtAuthzCall } from "../model/ext-authz.ts";
import { changeWords, clauseWords, plaintextWords, type SeenBy } from "./clause-words.ts";
import { handshakeCause } from "./handshake-cause.ts";
import { clashOf, type TlsSides } from "./tls-sides.ts";

/** Why something was refused or let through, in words for whoever wrote the YAML. Not sanitised for terminals. */
export interface Cause {
  readonly text: string;
  /** The line of YAML to look at first; null: there is none. */
  readonly at: SourcePosition | null;
  /** What stands there: `AuthorizationPolicy default/backend-allow rule 0`; null: nothing. */
  readonly what: string | null;
  /** Of a refusal: everything that has to change for it to be none. */
  readonly changes: readonly Change[];
  /** Policies that would let it in if they applied; absent: none, or nobody looked. */
  readonly misplaced?: readonly Change[];
}

export interface Change {
  readonly text: string;
  readonly at: SourcePosition;
}

/** What the event of a decision tells beside it. */
export interface CauseContext extends SeenBy {
  readonly extAuthz?: readonly ExtAuthzCall[] | null | undefined;
}

/** What else is known of an event. */
export interface CauseSources {
  /** The handshake that the event came by. */
  readonly handshake?: HandshakeEvent | undefined;
  /** What both sidecars are told now. */
  readonly sides?: TlsSides | undefined;
}

/** Undefined: the event is about no decision and no failure. */
export function causeOf(event: MeshEvent, { handshake, sides }: CauseSources = {}): Cause | undefined {
  const clash = sides === undefined ? undefined : clashOf(sides);
  switch (event.type) {
    case "exchange.completed":
    case "connection.closed":
      if (event.decision !== null) return causeOfDecision(event.decision, event);
      if (handshake?.type === "handshake.failed") return causeOf(handshake, { sides });
      return clash === undefined || event.flags === "-" ? undefined : { ...clash, changes: [] };
    case "handshake.failed":
      return event.failure === null ? undefined : withClash(handshakeCause(event, event.failure), clash);
    default:
      return undefined;
  }
}

function withClash(cause: Cause, clash: ReturnType<typeof clashOf>): Cause {
  return clash === undefined ? cause : { ...cause, text: `${cause.text}; ${clash.text}` };
}

export function causeOfDecision(decision: DecisionRecord, context: CauseContext = {}): Cause {
  const changes = (decision.blame ?? []).flatMap(changesOf);
  return { ...mainCause(decision, context), changes };
}

type Main = Omit<Cause, "changes">;

function mainCause(decision: DecisionRecord, context: CauseContext): Main {
  const { by, reason } = decision;
  if (decision.verdict === "allow") {
    if (by === null) return { text: "no policy refuses it, and no ALLOW policy applies", at: null, what: null };
    return { text: `${by.resource} rule ${by.rule} matched`, at: placeOf(by), what: ruleName(by) };
  }
  switch (reason) {
    case "jwt":
      return tokenCause(decision);
    case "ext-authz-denied":
    case "ext-authz-error":
      return authorizerCause(decision, context.extAuthz ?? []);
    case "matched":
      return refusedBy(decision, context);
    default:
      return noneMatched(decision, context);
  }
}

function tokenCause({ token, by }: DecisionRecord): Main {
  const { fault, location, issuer, rule = null } = token ?? {};
  const unknown =
    rule === null && issuer !== null && issuer !== undefined ? `: no rule takes the issuer ${issuer}` : "";
  return {
    text: `the token was refused: ${fault ?? "it is not valid"}${unknown}; it stood in ${location ?? "the request"}`,
    at: placeOf(by),
    what: by === null ? null : ruleName(by),
  };
}

function authorizerCause({ by, reason }: DecisionRecord, calls: readonly ExtAuthzCall[]): Main {
  const call = calls.findLast(({ result }) => result === "denied" || result === "error");
  const name = call === undefined ? "the external authorizer" : `external authorizer ${call.provider}`;
  const status = call?.status ?? null;
  const said = status === null ? "" : ` (${call?.protocol === "grpc" ? "gRPC status" : "HTTP"} ${status})`;
  const error = call?.error ?? null;
  const text =
    reason === "ext-authz-denied"
      ? `${name} refused it${said}`
      : `${name} gave no answer${error === null ? said : `: ${error}`}; a CUSTOM policy fails closed`;
  return { text, at: placeOf(by), what: by === null ? null : ruleName(by) };
}

/** A CUSTOM rule without provider, or a DENY rule. */
function refusedBy(decision: DecisionRecord, context: CauseContext): Main {
  const { by, blame = [], tried } = decision;
  if (by === null) return { text: "a rule matched", at: null, what: null };
  if (by.fault !== undefined)
    return {
      text: `its CUSTOM rule matched, and nobody can be asked: ${by.fault}`,
      at: placeOf(by),
      what: ruleName(by),
    };
  const own = blame.find(
    ({ resource, rule, must }) => must === "not-match" && resource === by.resource && rule === by.rule,
  );
  const [first, ...more] = own?.clauses ?? [];
  const clause = first === undefined ? "it asks for nothing" : clauseWords(first, true, { ...context, decision });
  const lost = tried.find((each) => each.resource === by.resource && each.rule === by.rule)?.unusable?.[0];
  const allowed = tried.find(
    ({ notAsked, result, action }) => notAsked === true && result === "matched" && action === "ALLOW",
  );
  const text = [
    `a DENY rule matched: ${clause}${more.length === 0 ? "" : ` (and ${more.length} more)`}`,
    ...(lost === undefined ? [] : [`it goes without its ${lost.field}, which ${lost.why}`]),
    ...(allowed === undefined ? [] : [`${ruleName(allowed)} matches too, but DENY comes first`]),
  ].join("; ");
  return { text, at: placeOf(first ?? by), what: ruleName(by) };
}

function noneMatched(decision: DecisionRecord, context: CauseContext): Main {
  const blame = decision.blame?.find(({ must }) => must === "match");
  if (blame === undefined) {
    const nearest = decision.tried.find(({ result, dryRun }) => result === "missed" && !dryRun);
    return {
      text: "ALLOW policies apply and none matched",
      at: placeOf(nearest?.missed ?? nearest),
      what: nearest === undefined ? null : ruleName(nearest),
    };
  }
  const [first, ...more] = blame.clauses;
  const what = blame.rule === null ? blame.resource : ruleName(blame);
  if (first === undefined)
    return {
      text: `nothing is allowed here: ${blame.resource} is an ALLOW policy without a rule`,
      at: placeOf(blame),
      what,
    };
  const seen = { ...context, decision };
  const rest = more.map((clause) => clauseWords(clause, false, seen));
  const shown = [clauseWords(first, false, seen), ...rest.slice(0, 1)].join("; and ");
  const further = rest.length > 1 ? `; and ${rest.length - 1} more` : "";
  const plain = plaintextWords(blame.clauses, decision);
  const start =
    plain ??
    (more.length === 0
      ? "no ALLOW rule matched"
      : `no ALLOW rule matched, the nearest lacks ${blame.clauses.length} clauses`);
  return { text: `${start}: ${shown}${further}`, at: placeOf(first), what };
}

function changesOf(blame: Blame): readonly Change[] {
  const name = blame.rule === null ? blame.resource : ruleName(blame);
  if (blame.clauses.length === 0) {
    const text = blame.must === "match" ? `a rule in ${name} has to match` : `${name} has to go: it asks for nothing`;
    return [{ text, at: positionOf(blame) }];
  }
  return blame.clauses.map((clause) => ({
    text: `${changeWords(clause, blame.must)} in ${name}`,
    at: positionOf(clause),
  }));
}

function ruleName({
  resource,
  rule,
  action,
}: Pick<RuleRecord, "resource" | "action"> & { readonly rule: number | null }): string {
  return `${action} ${resource} rule ${rule ?? 0}`;
}

function placeOf(at: SourcePosition | null | undefined): SourcePosition | null {
  return at === null || at === undefined ? null : positionOf(at);
}

function positionOf({ file, line, column }: SourcePosition): SourcePosition {
  return { file, line, column };
}

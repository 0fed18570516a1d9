import type { DecisionRecord, MissedClause, TriedClause, TriedRule } from "../../runtime/model/decision.ts";
import type { ConnectionEvent, ExchangeEvent, HandshakeEvent } from "../../runtime/model/event.ts";

/** Keeps one of many equal values: rows repeat parties, decisions and names thousands of times, and every line brings its own copy. */
export interface Interner {
  readonly exchange: (event: ExchangeEvent) => ExchangeEvent;
  readonly connection: (event: ConnectionEvent) => ConnectionEvent;
  readonly handshake: (event: HandshakeEvent) => HandshakeEvent;
}

/** How many different values of one kind are remembered; more than that means that they hardly repeat. */
const limit = 5_000;

export function createInterner(): Interner {
  const party = createPool<ExchangeEvent["from"]>(JSON.stringify);
  const place = createPool<ExchangeEvent["routeAt"]>(JSON.stringify);
  const certificate = createPool<HandshakeEvent["local"]>(JSON.stringify);
  const word = createPool<string>((text) => text);
  const optional = (text: string | null): string | null => (text === null ? null : word(text));
  const decision = createDecisions(word);
  return {
    exchange: (event) => ({
      ...event,
      from: party(event.from),
      to: party(event.to),
      decision: decision(event.decision),
      routeAt: place(event.routeAt),
      proxy: word(event.proxy),
      authority: word(event.authority),
      path: word(event.path),
      details: word(event.details),
      handshake: optional(event.handshake),
      route: optional(event.route),
      cluster: optional(event.cluster),
      endpoint: optional(event.endpoint),
    }),
    connection: (event) => ({
      ...event,
      from: party(event.from),
      to: party(event.to),
      decision: decision(event.decision),
      proxy: word(event.proxy),
      details: word(event.details),
    }),
    handshake: (event) => ({
      ...event,
      from: party(event.from),
      to: party(event.to),
      local: certificate(event.local),
      peer: certificate(event.peer),
    }),
  };
}

/** Most decisions of one rule differ by the path of the request alone: everything that they name beside it is shared. */
function createDecisions(word: (text: string) => string): (decision: DecisionRecord | null) => DecisionRecord | null {
  const by = createPool<DecisionRecord["by"]>(JSON.stringify);
  const wanted = createPool<readonly string[]>(JSON.stringify);
  const missed = createPool<MissedClause>(JSON.stringify, (clause) => ({ ...clause, ...names(clause) }));
  const clause = createPool<TriedClause>(JSON.stringify, (each) => ({ ...each, ...names(each) }));
  const names = ({ field, file, wanted: values }: MissedClause) => ({
    field: word(field),
    file: word(file),
    wanted: wanted(values),
  });
  const rule = (tried: TriedRule): TriedRule => ({
    ...tried,
    resource: word(tried.resource),
    id: word(tried.id),
    file: word(tried.file),
    missed: tried.missed === null ? null : missed(tried.missed),
    ...(tried.clauses === undefined ? {} : { clauses: tried.clauses.map(clause) }),
  });
  return createPool<DecisionRecord | null>(JSON.stringify, (decision) =>
    decision === null
      ? null
      : {
          ...decision,
          by: by(decision.by),
          details: decision.details === null ? null : word(decision.details),
          tried: decision.tried.map(rule),
        },
  );
}

/**
 * @param keyOf tells values apart: equal keys, equal values.
 * @param prepare what is kept of a value that was not known.
 */
function createPool<T>(keyOf: (value: T) => string, prepare: (value: T) => T = (value) => value): (value: T) => T {
  const known = new Map<string, T>();
  return (value) => {
    const key = keyOf(value);
    const found = known.get(key);
    if (found !== undefined) return found;
    if (known.size >= limit) known.clear();
    const kept = prepare(value);
    known.set(key, kept);
    return kept;
  };
}

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
  const decision = createPool<ExchangeEvent["decision"]>(JSON.stringify);
  const place = createPool<ExchangeEvent["routeAt"]>(JSON.stringify);
  const certificate = createPool<HandshakeEvent["local"]>(JSON.stringify);
  const word = createPool<string>((text) => text);
  const optional = (text: string | null): string | null => (text === null ? null : word(text));
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

/** @param keyOf tells values apart: equal keys, equal values. */
function createPool<T>(keyOf: (value: T) => string): (value: T) => T {
  const known = new Map<string, T>();
  return (value) => {
    const key = keyOf(value);
    const found = known.get(key);
    if (found !== undefined) return found;
    if (known.size >= limit) known.clear();
    known.set(key, value);
    return value;
  };
}

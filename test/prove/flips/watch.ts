import { until } from "../../e2e/support/project.ts";
import type { MeshClient } from "../../../runtime/index.ts";
import type { ConnectionEvent, ExchangeEvent } from "../../../runtime/model/event.ts";
import type { Comparison, Outcome } from "../../../runtime/model/flips.ts";

export type Verdict = Outcome["verdict"];

/** What the stream of a mesh has told so far. */
export interface Watch {
  readonly comparison: (generation: number) => Comparison | undefined;
  /** Requests that came to a sidecar under a generation. */
  readonly requestsOf: (generation: number) => readonly ExchangeEvent[];
  readonly request: (id: string) => ExchangeEvent | undefined;
  readonly connectionsOf: (generation: number) => readonly ConnectionEvent[];
  readonly generation: () => number;
  /** When a generation was pushed, ISO 8601: what had ended by then is among the calls that are compared. */
  readonly pushedAt: (generation: number) => string;
  /** Sends it again and waits for what its sidecars say of it. */
  readonly sendAgain: (id: string) => Promise<Resent>;
  readonly close: () => void;
}

export type Resent =
  | { readonly kind: "verdict"; readonly verdict: Verdict; readonly expired: boolean; readonly words: string }
  | { readonly kind: "unsent"; readonly reason: string };

export function watchMesh(client: MeshClient): Watch {
  const abort = new AbortController();
  const comparisons = new Map<number, Comparison>();
  const inbound = new Map<string, ExchangeEvent>();
  /** Requests that their caller's sidecar could not bring to a server. */
  const undelivered = new Set<string>();
  const byRequest = new Map<string, ExchangeEvent>();
  const requests = new Map<number, ExchangeEvent[]>();
  const connections = new Map<number, ConnectionEvent[]>();
  const pushed = new Map<number, string>();
  let generation = 0;

  function keep<T>(lists: Map<number, T[]>, of: number, value: T): void {
    const list = lists.get(of) ?? [];
    lists.set(of, list);
    list.push(value);
  }

  async function read(): Promise<void> {
    for await (const line of client.events({ signal: abort.signal })) {
      if (line.type === "state") generation = line.state.generation.number;
      else if (line.type === "snapshot.applied" && line.live === line.total) generation = line.generation;
      else if (line.type === "mesh.loaded") pushed.set(line.generation, line.at);
      else if (line.type === "save.compared") comparisons.set(line.generation, line.comparison);
      else if (line.type === "connection.closed") keep(connections, line.generation, line);
      else if (line.type === "exchange.completed" && line.requestId !== null) {
        if (line.side === "outbound") {
          if (line.status === 503) undelivered.add(line.requestId);
        } else {
          inbound.set(line.id, line);
          byRequest.set(line.requestId, line);
          if (line.replayOf === undefined) keep(requests, line.generation, line);
        }
      }
    }
  }
  void read();

  return {
    comparison: (of) => comparisons.get(of),
    requestsOf: (of) => requests.get(of) ?? [],
    request: (id) => inbound.get(id),
    connectionsOf: (of) => connections.get(of) ?? [],
    generation: () => generation,
    pushedAt: (of) => pushed.get(of) ?? "",
    sendAgain: async (id) => {
      const answer = await client.command({ type: "exchange.replay", id });
      if (!answer.ok) {
        // The server's sidecar closed the connection without a word.
        if (/hang up|ECONNRESET|ended without/.test(answer.message))
          return { kind: "verdict", verdict: "refuse", expired: false, words: answer.message };
        return { kind: "unsent", reason: answer.message };
      }
      const requestId = answer.replay?.requestId ?? "";
      const told = await until(
        `what became of ${requestId}`,
        () => byRequest.get(requestId) ?? (undelivered.has(requestId) ? null : undefined),
      );
      return verdictOf(told ?? byRequest.get(requestId));
    },
    close: () => {
      abort.abort();
    },
  };
}

/** As the server's sidecar told it; undefined: it never came as far as to be one. */
export function verdictOf(event: ExchangeEvent | undefined): Extract<Resent, { kind: "verdict" }> {
  const words = event === undefined ? "it did not arrive" : `${event.status} ${event.details}`;
  const expired = event?.decision?.token?.fault === "Jwt is expired";
  const verdict = event?.details === "path_normalization_failed" ? "deny" : (event?.decision?.verdict ?? "refuse");
  return { kind: "verdict", verdict, expired, words };
}

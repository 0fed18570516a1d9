import { request, type IncomingMessage } from "node:http";
import { MeshError } from "../core/error.ts";
import type { CommandAnswer, MeshCommand } from "../model/command.ts";
import type { MeshEvent, StreamedEvent } from "../model/event.ts";
import type { FlipsAnswer, FlipsQuestion } from "../model/flips.ts";
import type { ProxySnapshot } from "../model/snapshot.ts";
import type { MeshState } from "../model/state.ts";
import { flipsQuery } from "./flips-query.ts";
import { createLineReader } from "./lines.ts";

/** Line one of the event stream. */
export interface StateLine {
  readonly type: "state";
  readonly schemaVersion: 1;
  readonly state: MeshState;
  readonly seq: 0;
}

export interface EventOptions {
  /** Also what happened before, marked `replayed`. */
  readonly replay?: boolean;
  /** Request headers in exchanges, secrets redacted. */
  readonly headers?: boolean;
  /** This client owns the mesh: it stops when the stream ends without `mesh.detach`. */
  readonly own?: boolean;
  /** False: end after the state and the past. Default: true. */
  readonly follow?: boolean;
  readonly signal?: AbortSignal;
}

/** A client of one running mesh. */
export interface MeshClient extends AsyncDisposable {
  readonly state: () => Promise<MeshState>;
  /** Ends when the mesh ends or the signal aborts; throws MD7002 when the connection breaks otherwise. */
  readonly events: (options?: EventOptions) => AsyncIterable<StateLine | StreamedEvent>;
  /** A lease that was acquired here lasts until it is released or the client is closed. */
  readonly command: (command: MeshCommand) => Promise<CommandAnswer>;
  /** By id; `last-refusal` is the newest denial or failed handshake, `last-denial` the newest that an edit of policies may allow. */
  readonly event: (id: string) => Promise<MeshEvent | undefined>;
  /** What a save, two generations or a draft mean for the last calls that were made. */
  readonly flips: (question: FlipsQuestion) => Promise<FlipsAnswer>;
  readonly snapshot: (proxy: string) => Promise<ProxySnapshot | undefined>;
  readonly close: () => Promise<void>;
}

const maxLine = 256 * 1024 * 1024;

/** Talks to the daemon behind a control socket. What the daemon sends is trusted: its folder is ours alone. */
export function connectTo(socketPath: string): MeshClient {
  const held = new Set<() => void>();

  function open(
    method: string,
    path: string,
    body: string | undefined,
    signal?: AbortSignal,
  ): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const outgoing = request(
        { socketPath, method, path, agent: false, ...(signal === undefined ? {} : { signal }) },
        resolve,
      );
      outgoing.once("error", (cause) => {
        if (signal?.aborted === true) reject(cause);
        else reject(new MeshError("MD7002", "The mesh does not answer", { cause }));
      });
      outgoing.end(body);
    });
  }

  async function fetchJson<T>(path: string): Promise<T | undefined> {
    const response = await open("GET", path, undefined);
    const text = await readAll(response);
    if (response.statusCode === 404) return undefined;
    if (response.statusCode !== 200)
      throw new MeshError("MD7002", `The mesh answered ${String(response.statusCode)}: ${text.trim()}`);
    return parseJson<T>(text);
  }

  async function command(given: MeshCommand): Promise<CommandAnswer> {
    const response = await open("POST", "/v1/commands", JSON.stringify(given));
    if (response.statusCode !== 200) throw new MeshError("MD7003", (await readAll(response)).trim());
    if (response.headers["content-type"] !== "application/x-ndjson")
      return parseJson<CommandAnswer>(await readAll(response));
    const release = (): void => {
      response.destroy();
      held.delete(release);
    };
    held.add(release);
    return parseJson<CommandAnswer>(await readFirstLine(response));
  }

  const close = (): Promise<void> => {
    for (const release of held) release();
    return Promise.resolve();
  };

  return {
    state: async () => {
      const state = await fetchJson<MeshState>("/v1/state");
      if (state === undefined) throw new MeshError("MD7002", "The mesh does not know its state");
      return state;
    },
    events: async function* events(options: EventOptions = {}) {
      const query = new URLSearchParams();
      for (const name of ["replay", "headers", "own"] as const) if (options[name] === true) query.set(name, "1");
      if (options.follow === false) query.set("follow", "0");
      let response: IncomingMessage;
      try {
        response = await open("GET", `/v1/events?${query.toString()}`, undefined, options.signal);
      } catch (error) {
        if (options.signal?.aborted === true) return;
        throw error;
      }
      const lines: string[] = [];
      const read = createLineReader(maxLine, (line) => {
        lines.push(line);
      });
      try {
        for await (const chunk of response) {
          if (!Buffer.isBuffer(chunk)) continue;
          read(chunk);
          for (const line of lines.splice(0)) yield parseJson<StateLine | StreamedEvent>(line);
        }
      } catch (cause) {
        // A daemon that was told to stop ends the stream; one that was killed cuts it. To a reader both are the end.
        if (options.signal?.aborted !== true && response.errored === null) throw cause;
      } finally {
        response.destroy();
      }
    },
    command,
    event: (id) => fetchJson<MeshEvent>(`/v1/events/${encodeURIComponent(id)}`),
    flips: async (question) => {
      const answer = await fetchJson<FlipsAnswer>(`/v1/flips?${flipsQuery(question).toString()}`);
      if (answer === undefined) throw new MeshError("MD7002", "The mesh knows no flips");
      return answer;
    },
    snapshot: (proxy) => fetchJson<ProxySnapshot>(`/v1/snapshots/${encodeURIComponent(proxy)}`),
    close,
    [Symbol.asyncDispose]: close,
  };
}

async function readAll(response: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of response) if (Buffer.isBuffer(piece)) pieces.push(piece);
  return Buffer.concat(pieces).toString("utf8");
}

function readFirstLine(response: IncomingMessage): Promise<string> {
  return new Promise((resolve, reject) => {
    const read = createLineReader(maxLine, resolve);
    response.on("data", read);
    response.once("error", reject);
    response.once("end", () => {
      reject(new MeshError("MD7002", "The mesh ended the answer too early"));
    });
  });
}

/** The edge where the daemon's JSON gets its type: both ends are the same version of one program. */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the caller names what its own server sends
function parseJson<T>(text: string): T {
  const value: T = JSON.parse(text);
  return value;
}

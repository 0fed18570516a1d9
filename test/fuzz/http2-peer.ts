import { Session } from "../../runtime/wire/http2/session.ts";
import type { OwnSettings, Role } from "../../runtime/wire/http2/settings.ts";
import type { Http2Stream, StreamReader } from "../../runtime/wire/http2/stream.ts";

type List = (readonly [name: string, value: string])[];

/** What one side heard on a stream. */
export interface Heard {
  list: List;
  body: string;
  trailers: List;
  end: "open" | "complete" | "reset" | "wrong length";
}

export interface Peer {
  readonly session: Session;
  /** By the number of the stream, in order of their heads. */
  readonly heard: ReadonlyMap<number, Heard>;
  readonly failed: () => boolean;
  /** A request of ours; its answer is heard. */
  readonly ask: () => Http2Stream | undefined;
}

export interface PeerOptions {
  readonly role: Role;
  readonly own: OwnSettings;
  readonly onOutput: () => void;
  /** Whether the reader takes one more piece, or pauses the stream. */
  readonly takes?: () => boolean;
  /** All of a message is here. */
  readonly onComplete?: (stream: Http2Stream, heard: Heard) => void;
}

/** One side of a connection that writes down what it hears. */
export function createPeer({ role, own, onOutput, takes = () => true, onComplete }: PeerOptions): Peer {
  const heard = new Map<number, Heard>();
  let failed = false;

  function listen(stream: Http2Stream): Heard {
    const mine: Heard = { list: [], body: "", trailers: [], end: "open" };
    heard.set(stream.id, mine);
    const complete = (): void => {
      mine.end = "complete";
      onComplete?.(stream, mine);
    };
    const reader: StreamReader = {
      onHead: (fields, ended) => {
        stream.headed = true;
        mine.list = fields.map(({ name, value }) => [name.text, value] as const);
        if (ended) complete();
      },
      onData: (bytes, from, to, ended) => {
        if (mine.end !== "open") throw new Error("a body behind its end");
        mine.body += bytes.toString("latin1", from, to);
        if (ended) complete();
        return takes();
      },
      onTrailers: (fields) => {
        if (mine.end !== "open") throw new Error("trailers behind the end");
        mine.trailers = fields.map(({ name, value }) => [name.text, value] as const);
        complete();
      },
      onReset: () => {
        if (mine.end === "open") mine.end = "reset";
      },
      onWrongLength: () => {
        mine.end = "wrong length";
      },
      onDrain: () => undefined,
    };
    stream.reader = reader;
    return mine;
  }

  const session = new Session(role, own, {
    onOutput,
    onFull: () => undefined,
    onRequest: (stream, fields, ended) => {
      listen(stream);
      stream.reader?.onHead(fields, ended);
    },
    onStreamEnd: () => undefined,
    onGoaway: () => undefined,
    onFailed: () => {
      failed = true;
    },
  });
  session.start();
  return {
    session,
    heard,
    failed: () => failed,
    ask: () => {
      const stream = session.open();
      if (stream !== undefined) listen(stream);
      return stream;
    },
  };
}

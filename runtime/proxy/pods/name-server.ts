import { createSocket } from "node:dgram";
import { createServer } from "node:net";
import type { Zone } from "../../model/dataplane.ts";
import { answerQuery, type LookUp } from "./answer.ts";

const idleMs = 10_000;
const lengthBytes = 2;

export interface NameServer {
  readonly close: () => void;
}

/** Answers pods on two sockets that were opened for it. */
export function serveNames(
  descriptors: { readonly udp: number; readonly tcp: number },
  zone: () => Zone,
  lookUp: LookUp,
): NameServer {
  const udp = createSocket("udp4");
  udp.on("error", () => undefined);
  udp.on("message", (bytes, { address, port }) => {
    void reply(bytes, "udp").then((answer) => {
      if (answer !== undefined) udp.send(answer, port, address, () => undefined);
    });
  });
  udp.bind({ fd: descriptors.udp });

  const tcp = createServer({ noDelay: true }, (socket) => {
    let rest = Buffer.alloc(0);
    let turn = Promise.resolve();
    socket.on("error", () => undefined);
    socket.setTimeout(idleMs, () => socket.destroy());
    socket.on("data", (chunk: Buffer) => {
      rest = Buffer.concat([rest, chunk]);
      for (let length = frameLength(rest); length !== undefined; length = frameLength(rest)) {
        const query = rest.subarray(lengthBytes, lengthBytes + length);
        rest = rest.subarray(lengthBytes + length);
        turn = turn.then(async () => {
          const answer = await reply(query, "tcp");
          if (answer === undefined) socket.destroy();
          else socket.write(frame(answer));
        });
      }
    });
  });
  tcp.on("error", () => undefined);
  tcp.listen({ fd: descriptors.tcp });

  /** Never rejects: who asks something odd gets no answer, and nobody else suffers. */
  async function reply(bytes: Buffer, transport: "udp" | "tcp"): Promise<Buffer | undefined> {
    try {
      return await answerQuery(bytes, transport, zone(), lookUp);
    } catch {
      return undefined;
    }
  }

  return {
    close: () => {
      udp.close();
      tcp.close();
    },
  };
}

/** Length of the first whole message; undefined: there is none yet. */
function frameLength(bytes: Buffer): number | undefined {
  if (bytes.length < lengthBytes) return undefined;
  const length = bytes.readUInt16BE(0);
  return bytes.length >= lengthBytes + length ? length : undefined;
}

function frame(message: Buffer): Buffer {
  const head = Buffer.alloc(lengthBytes);
  head.writeUInt16BE(message.length, 0);
  return Buffer.concat([head, message]);
}

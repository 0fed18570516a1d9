import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";

export interface SocketPair extends AsyncDisposable {
  /** Dialled. */
  readonly caller: Socket;
  /** Accepted, and paused as ours are. */
  readonly accepted: Socket;
}

/** Two ends of one TCP connection. */
export async function openSocketPair(): Promise<SocketPair> {
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const caller = connect((server.address() as AddressInfo).port, "127.0.0.1");
  const [accepted] = (await once(server, "connection")) as [Socket];
  if (caller.connecting) await once(caller, "connect");
  return {
    caller,
    accepted,
    [Symbol.asyncDispose]: async () => {
      caller.destroy();
      accepted.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

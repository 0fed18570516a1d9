import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { readRelayPlan, relayFiles } from "./model/relay.ts";
import { encodeProxyV2 } from "./wire/proxy-v2.ts";

/**
 * The program of a container pod's sidecar container. It joins the pod's network, which has nothing but `lo`, and the folder of Unix sockets that
 * leads to the data plane: what the program sends to the mesh goes on with its original destination in front, as from a hook, and what the data
 * plane has let in goes to the program. It holds no key and decides nothing. Argument 1: the folder.
 */
function main(folder: string): void {
  const servers = new Map<string, Server>();

  function serve(key: string, at: number | string, accept: (socket: Socket) => void, onListening: () => void): void {
    const server = createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true }, accept);
    servers.set(key, server);
    server.on("error", (error) => {
      // Without all of its sockets a pod would look as if it served: it ends, and the daemon starts it again.
      process.stderr.write(`relay: ${error.message}\n`);
      process.exit(1);
    });
    if (typeof at === "string") {
      rmSync(at, { force: true });
      server.listen(at, onListening);
    } else server.listen(at, "0.0.0.0", onListening);
  }

  function apply(): void {
    const plan = readRelayPlan(readFileSync(join(folder, relayFiles.plan), "utf8"));
    if (plan === undefined) return;
    let missing = 1;
    const done = (): void => {
      missing -= 1;
      if (missing === 0) writeFileSync(join(folder, relayFiles.ready), "");
    };
    for (const { port, listen } of plan.outbound) {
      if (servers.has(`out ${port}`)) continue;
      missing += 1;
      serve(`out ${port}`, listen, (socket) => takeOutbound(folder, socket, port), done);
    }
    for (const port of plan.inbound) {
      if (servers.has(`in ${port}`)) continue;
      missing += 1;
      serve(`in ${port}`, join(folder, relayFiles.inbound(port)), (socket) => takeInbound(socket, port), done);
    }
    done();
  }

  process.on("SIGHUP", apply);
  process.on("SIGTERM", () => process.exit(0));
  apply();
}

/** The kernel changed the port on the way here and kept the address. Whoever dials the relay itself is refused. */
function takeOutbound(folder: string, socket: Socket, port: number): void {
  const address = socket.localAddress ?? "";
  const header = encodeProxyV2({
    source: { address: socket.remoteAddress ?? "", port: socket.remotePort ?? 0 },
    destination: { address, port },
  });
  if (header === undefined || address.startsWith("127.")) {
    end(socket);
    return;
  }
  const sidecar = connect({ path: join(folder, relayFiles.outbound), allowHalfOpen: true });
  sidecar.write(header);
  couple(socket, sidecar);
}

function takeInbound(socket: Socket, port: number): void {
  // 127.0.0.6 is what programs see behind Istio's sidecars.
  couple(socket, connect({ host: "127.0.0.1", port, localAddress: "127.0.0.6", allowHalfOpen: true, noDelay: true }));
}

/** Passes bytes and ends both ways; a connection that breaks breaks the other. */
function couple(one: Socket, other: Socket): void {
  for (const [from, to] of [
    [one, other],
    [other, one],
  ] as const) {
    from.on("error", () => end(to));
    from.on("close", () => {
      if (!to.writableEnded) end(to);
    });
    from.pipe(to);
  }
}

function end(socket: Socket): void {
  socket.on("error", () => undefined);
  if (socket.remotePort === undefined) socket.destroy();
  else socket.resetAndDestroy();
}

main(process.argv[2] ?? "");

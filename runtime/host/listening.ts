import { existsSync, readFileSync } from "node:fs";
import { connect } from "node:net";
import type { SocketAddress } from "../model/dataplane.ts";
import { readTcpTable } from "./tcp-table.ts";

/** Whether somebody listens there. On Linux the kernel's tables say so, without a connection that the program would see. */
export async function isListening(at: SocketAddress): Promise<boolean> {
  if (at.kind === "unix") {
    if (!existsSync(at.path)) return false;
    // The kernel may skip a line while sockets come and go: a "no" is made sure of.
    return unixListens(at.path) || (await accepts(at));
  }
  const table = readTcpTable("/proc");
  if (table.length === 0) return accepts(at);
  const listens = table.some(
    (entry) =>
      entry.state === "listen" &&
      entry.local.port === at.port &&
      [at.host, "0.0.0.0", "::"].includes(entry.local.address),
  );
  return listens || accepts(at);
}

function unixListens(path: string): boolean {
  try {
    return readFileSync("/proc/net/unix", "utf8")
      .split("\n")
      .some((line) => line.endsWith(` ${path}`) && line.split(/\s+/)[3] === "00010000");
  } catch {
    return false;
  }
}

function accepts(at: SocketAddress): Promise<boolean> {
  return new Promise((done) => {
    const socket = at.kind === "unix" ? connect({ path: at.path }) : connect({ host: at.host, port: at.port });
    const end = (result: boolean): void => {
      socket.destroy();
      done(result);
    };
    socket.once("connect", () => end(true));
    socket.once("error", () => end(false));
    socket.setTimeout(1000, () => end(false));
  });
}

import { execFileSync } from "node:child_process";
import { readFileSync, readdirSync, readlinkSync, statSync } from "node:fs";
import { createServer } from "node:net";
import type { Problem } from "../core/problem.ts";
import { codeOf } from "./session-folder.ts";
import { readTcpTable } from "./tcp-table.ts";

export interface PortHolder {
  readonly pid: number;
  readonly command: string;
  /** Start of the process, milliseconds since the epoch; undefined when unknown. */
  readonly since: number | undefined;
}

/** Which process listens on a TCP port; undefined when nobody does, or it belongs to another user. */
export function findPortHolder(port: number): PortHolder | undefined {
  if (process.platform !== "linux") return findByLsof(port);
  const inodes = new Set(
    readTcpTable("/proc")
      .filter((entry) => entry.state === "listen" && entry.local.port === port)
      .map((entry) => `socket:[${entry.inode}]`),
  );
  if (inodes.size === 0) return undefined;
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      for (const fd of readdirSync(`/proc/${name}/fd`)) {
        if (inodes.has(readlinkSync(`/proc/${name}/fd/${fd}`))) return describeProcess(Number(name));
      }
    } catch {
      // Gone, or not ours to look into.
    }
  }
  return undefined;
}

function describeProcess(pid: number): PortHolder {
  const command = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").join(" ").trim();
  return {
    pid,
    command: command === "" ? `process ${pid}` : command.slice(0, 200),
    since: statSync(`/proc/${pid}`).ctimeMs,
  };
}

function findByLsof(port: number): PortHolder | undefined {
  try {
    const text = execFileSync("lsof", ["-nP", `-iTCP:${port}`, "-sTCP:LISTEN", "-Fpc"], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
    const pid = Number(/^p(\d+)/m.exec(text)?.[1]);
    return Number.isInteger(pid) ? { pid, command: /^c(.+)/m.exec(text)?.[1] ?? "", since: undefined } : undefined;
  } catch {
    return undefined;
  }
}

/** Whether a port can be bound on both loopback addresses (IPv6 may be missing). */
export async function isPortFree(port: number): Promise<boolean> {
  const results = await Promise.all(["127.0.0.1", "::1"].map((host) => tryListen(host, port)));
  return results.every((code) => code === undefined || code === "EADDRNOTAVAIL" || code === "EAFNOSUPPORT");
}

function tryListen(host: string, port: number): Promise<string | undefined> {
  return new Promise((done) => {
    const server = createServer();
    server.once("error", (error) => done(codeOf(error) ?? "unknown"));
    server.listen({ host, port, exclusive: true }, () => server.close(() => done(undefined)));
  });
}

/** The first free port above `port`, to offer instead. */
export async function findNextFreePort(port: number): Promise<number | undefined> {
  for (let next = port + 1; next < Math.min(port + 100, 65536); next += 1) {
    if (await isPortFree(next)) return next;
  }
  return undefined;
}

/** Every published port that is taken, with who has it and what to use instead. */
export async function checkPublishedPorts(
  ports: readonly { readonly workload: string; readonly hostPort: number }[],
): Promise<readonly Problem[]> {
  const problems: Problem[] = [];
  for (const { workload, hostPort } of ports) {
    if (await isPortFree(hostPort)) continue;
    const holder = findPortHolder(hostPort);
    const offer = await findNextFreePort(hostPort);
    const who = holder === undefined ? "another program" : `${holder.command} (pid ${holder.pid})`;
    problems.push({
      code: "MD6003",
      severity: "error",
      message: `port ${hostPort}, published for ${workload}, is taken by ${who}`,
      hint: offer === undefined ? "stop that program" : `stop that program, or publish ${offer} instead`,
    });
  }
  return problems;
}

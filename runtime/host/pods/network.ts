import { spawn } from "node:child_process";
import { readlinkSync } from "node:fs";
import { MeshError } from "../../core/error.ts";
import { createLineSplitter } from "../lines.ts";
import { holderScript, lendScript } from "./holder-script.ts";
import { capturePort, meshGateway, meshRoutes, nftRules } from "./rules.ts";
import type { PodTools } from "./tools.ts";

/** The mesh's own network namespace, and the process that it lives by. */
export interface PodNetwork {
  /** The holder's pid. */
  readonly pid: number;
  /** Numbers of its listening sockets: capture, names over UDP, names over TCP. */
  readonly sockets: readonly string[];
  /** Inode of the namespace, as `net:[4026532177]` shows it. */
  readonly inode: string;
  /** What to put before a command so that it runs inside. */
  readonly enter: readonly string[];
  /** The same, with the holder's listening sockets as file descriptors from `first`: capture, names over UDP, names over TCP. */
  readonly enterWithSockets: (first: number) => readonly string[];
  /** Resolves when the holder is gone; without one no pod can start. */
  readonly exited: Promise<void>;
  /** Ends the holder; the namespace goes with its last process. */
  readonly close: () => Promise<void>;
}

/** What the holder does, in this order. */
export const networkSteps = ["namespaces", "settings", "addresses", "rules", "listener", "names"] as const;
export type NetworkStep = (typeof networkSteps)[number];

export interface NetworkFault {
  readonly step: NetworkStep;
  /** In the words of the system. */
  readonly reason: string;
}

export type OpenedNetwork =
  | { readonly ok: true; readonly network: PodNetwork }
  | { readonly ok: false; readonly fault: NetworkFault };

export interface NetworkOptions {
  readonly tools: PodTools;
  /** Root needs no user namespace, and would lose its rights over files in one. */
  readonly isRoot: boolean;
  /** Environment variable by which the reaper finds the holder. */
  readonly session: string;
  /** Told as soon as the process exists. */
  readonly onSpawn: (pid: number) => void;
}

/** Makes the mesh namespace. A step that the system refuses is a result, not an error. */
export function openPodNetwork({ tools, isRoot, session, onSpawn }: NetworkOptions): Promise<OpenedNetwork> {
  const holder = [tools.perl, "-e", holderScript, tools.ip, meshRoutes(), tools.nft, nftRules()];
  const args = [...(isRoot ? [] : ["--user", "--map-root-user"]), "--net", "--", ...holder, meshGateway];
  const child = spawn(tools.unshare, [...args, String(capturePort)], {
    stdio: ["pipe", "pipe", "pipe"],
    cwd: "/",
    env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C", MESHDEV_SESSION: session },
    // Ctrl-C on the terminal is for the daemon to hear.
    detached: true,
  });
  child.stdin.on("error", () => undefined);
  const { pid } = child;
  if (pid !== undefined) onSpawn(pid);
  const exited = new Promise<void>((resolve) => {
    child.once("exit", () => resolve());
    child.once("error", () => resolve());
  });
  const close = async (): Promise<void> => {
    child.stdin.end();
    if (child.exitCode === null && child.signalCode === null && pid !== undefined) await exited;
  };

  return new Promise((resolve) => {
    let step: NetworkStep = "namespaces";
    let complaint = "";
    let settled = false;
    const settle = (result: OpenedNetwork): void => {
      if (settled) return;
      settled = true;
      if (!result.ok) void close();
      resolve(result);
    };
    const lines = createLineSplitter((line) => {
      const [word, ...rest] = line.split(" ");
      if (word === "step") step = networkSteps.find((each) => each === rest[0]) ?? step;
      else if (word === "fail") settle({ ok: false, fault: { step, reason: rest.slice(1).join(" ") } });
      else if (word === "ready" && pid !== undefined)
        settle({
          ok: true,
          network: {
            pid,
            sockets: rest,
            inode: namespaceOf(pid),
            ...entrances(tools, isRoot, pid, rest),
            exited,
            close,
          },
        });
    });
    child.stdout.on("data", lines.push);
    child.stderr.on("data", (chunk: Buffer) => {
      complaint = (complaint + chunk.toString("utf8")).slice(-1_000);
    });
    child.once("error", (error) => settle({ ok: false, fault: { step, reason: error.message } }));
    child.once("close", (code, signal) => {
      const reason = complaint.trim() || `the holder ended with ${signal ?? `code ${String(code)}`}`;
      settle({ ok: false, fault: { step, reason } });
    });
  });
}

/** Ways into the namespace of a holder; `isRoot`: without changing the user namespace. */
export function entrances(
  tools: PodTools,
  isRoot: boolean,
  pid: number,
  sockets: readonly string[],
): Pick<PodNetwork, "enter" | "enterWithSockets"> {
  const user = isRoot ? [] : ["--user", "--preserve-credentials"];
  const enter = [tools.nsenter, "--target", String(pid), ...user, "--net", "--"];
  return {
    enter,
    enterWithSockets: (first) => [...enter, tools.perl, "-e", lendScript, String(pid), String(first), ...sockets, "--"],
  };
}

/**
 * The network namespace of a process that we put into one, `net:[4026532177]`. What is swept goes by it, so that our own is never the
 * answer. @throws MeshError MD6011 when the process is gone, or still in ours
 */
export function namespaceOf(pid: number): string {
  const [inode, own] = [pid, "self"].map((each) => {
    try {
      return readlinkSync(`/proc/${each}/ns/net`);
    } catch (cause) {
      throw new MeshError("MD6011", `process ${each} has no network namespace any more`, { cause });
    }
  });
  if (inode === undefined || inode === own)
    throw new MeshError("MD6011", `process ${pid} has no network namespace of its own`);
  return inode;
}

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../../core/clock.ts";
import { describe, type HostUser } from "../session-folder.ts";
import { startProcess } from "../process.ts";
import { explainFault, readFacts } from "./causes.ts";
import { networkSteps, openPodNetwork, type PodNetwork } from "./network.ts";
import { podEnclosure } from "./pod.ts";
import { writePodFiles } from "./pod-files.ts";
import { findPodTools, type PodTools } from "./tools.ts";

/** What must work for network pods, in this order. */
export const probeSteps = ["system", "programs", ...networkSteps, "lend", "pod"] as const;
export type ProbeStep = (typeof probeSteps)[number];

export interface ProbeResult {
  readonly step: ProbeStep;
  /** What the step is about, for people. */
  readonly title: string;
  readonly outcome: "ok" | "failed" | "not tried";
  /** In the words of the system; undefined unless it failed. */
  readonly reason: string | undefined;
  /** What that means and how to mend it. */
  readonly hint: string | undefined;
}

export interface PodProbe {
  readonly ok: boolean;
  readonly results: readonly ProbeResult[];
  readonly tools: PodTools | undefined;
}

const titles: Readonly<Record<ProbeStep, string>> = {
  system: "Linux",
  programs: "unshare, nsenter, setpriv, mount, ip, nft and perl are installed",
  namespaces: "a network namespace can be made",
  settings: "its settings can be written",
  addresses: "it takes addresses, routes and rules",
  rules: "packets can be captured (nft tproxy)",
  listener: "a transparent listener can be opened (IP_TRANSPARENT)",
  names: "names can be served on port 53",
  lend: "a data plane can inherit the listeners (pidfd_getfd)",
  pod: "a program runs in a pod of its own (veth, mounts, user)",
};

/** Makes a whole mesh namespace and one pod, as `up` does, and ends both. Nothing is left of it. */
export async function probePods(user: HostUser, path: string | undefined = process.env["PATH"]): Promise<PodProbe> {
  const fault = await findFault(user, path);
  const found = findPodTools(path);
  const facts = readFacts();
  const at = fault === undefined ? probeSteps.length : probeSteps.indexOf(fault.step);
  return {
    ok: fault === undefined,
    tools: found.ok ? found.tools : undefined,
    results: probeSteps.map((step, index): ProbeResult => {
      const about = { step, title: titles[step] };
      if (fault === undefined || index < at) return { ...about, outcome: "ok", reason: undefined, hint: undefined };
      if (index > at) return { ...about, outcome: "not tried", reason: undefined, hint: undefined };
      const hint = fault.hint ?? explainFault(step, fault.reason, facts);
      return { ...about, outcome: "failed", reason: fault.reason, hint };
    }),
  };
}

/** One line: why there are no pods. */
export function describeProbe(probe: PodProbe): string {
  const failed = probe.results.find((result) => result.outcome === "failed");
  if (failed === undefined) return "network pods work";
  return `${failed.title}: no (${failed.reason ?? ""})${failed.hint === undefined ? "" : `; ${failed.hint}`}`;
}

interface Fault {
  readonly step: ProbeStep;
  readonly reason: string;
  readonly hint?: string;
}

async function findFault(user: HostUser, path: string | undefined): Promise<Fault | undefined> {
  if (process.platform !== "linux")
    return { step: "system", reason: `this is ${process.platform}`, hint: "pods need Linux" };
  const found = findPodTools(path);
  if (!found.ok)
    return {
      step: "programs",
      reason: `${found.missing.join(", ")} not found`,
      hint: `install ${found.packages.join(", ")} (names as in Debian)`,
    };
  const isRoot = process.getuid?.() === 0;
  const opened = await openPodNetwork({ tools: found.tools, isRoot, session: "probe", onSpawn: () => undefined });
  if (!opened.ok) return opened.fault;
  const folder = mkdtempSync(join(tmpdir(), "meshdev-probe-"));
  try {
    const lent = await run([...opened.network.enterWithSockets(3), "/bin/true"]);
    if (lent !== undefined) return { step: "lend", reason: lent };
    const reason = await tryPod(found.tools, opened.network, user, isRoot, folder);
    return reason === undefined ? undefined : { step: "pod", reason };
  } finally {
    await opened.network.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function tryPod(
  tools: PodTools,
  network: PodNetwork,
  user: HostUser,
  isRoot: boolean,
  folder: string,
): Promise<string | undefined> {
  const pod = { name: "probe", namespace: "default", address: "10.244.0.2" };
  const said: string[] = [];
  const enclosure = podEnclosure({
    tools,
    network,
    user,
    isRoot,
    address: pod.address,
    veth: "vp1",
    files: writePodFiles(folder, pod),
    onNamespace: () => undefined,
    onEnd: () => undefined,
  });
  try {
    const child = await startProcess({
      command: ["/bin/true"],
      cwd: "/",
      env: {},
      user,
      clock: systemClock,
      enclosure,
      onLine: (_stream, line) => said.push(line),
    });
    const { code, signal } = await child.exited;
    return code === 0 ? undefined : [`it ended with ${signal ?? `code ${String(code)}`}`, ...said].join(": ");
  } catch (error) {
    return describe(error);
  }
}

/** What a command says when it fails. */
function run([file = "", ...args]: readonly string[]): Promise<string | undefined> {
  return new Promise((resolve) => {
    const child = spawn(file, args, { stdio: ["ignore", "ignore", "pipe"], cwd: "/", env: { LC_ALL: "C" } });
    let said = "";
    child.stderr.on("data", (chunk: Buffer) => {
      said += chunk.toString("utf8");
    });
    child.once("error", (error) => resolve(error.message));
    child.once("close", (code) =>
      resolve(code === 0 ? undefined : said.trim() || `it ended with code ${String(code)}`),
    );
  });
}

import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { createProject, processesOf, type Project } from "../e2e/support/project.ts";

/** What is killed while all pods run; `down` ends them as a person does. */
export const victims = ["down", "daemon", "holder", "data plane", "program"] as const;
type Victim = (typeof victims)[number];

export interface Round {
  readonly victim: Victim;
  /** Milliseconds from the kill, or from asking for the end, until nothing was left. */
  readonly ms: number;
  /** What was still there in the end. */
  readonly left: readonly string[];
}

/** Starts a mesh of so many pods, kills one thing, and counts what is left of processes, namespaces, links and files. */
export async function playRound(pods: number, victim: Victim): Promise<Round> {
  const before = { namespaces: namespaces(), links: links() };
  await using project = createProject({ "meshdev.yaml": projectFile(pods) }, { MESHDEV_CAPTURE: "pods" });
  const up = await project.meshdev("up", "-d");
  if (up.code !== 0) throw new Error(up.stderr);
  const state = JSON.parse((await project.meshdev("ps", "-o", "json")).stdout) as Ps;
  const own = [...namespaces()].filter((each) => !before.namespaces.has(each));
  if (own.length !== pods + 1) throw new Error(`${own.length} namespaces instead of ${pods + 1}`);
  const pid = pidOf(project, state, victim, new Set(own));
  if (pid === undefined && victim !== "down") throw new Error(`there is no ${victim}`);
  const since = performance.now();
  if (pid !== undefined) process.kill(pid, "SIGKILL");
  // These two are replaced, and the mesh goes on.
  if (victim === "data plane" || victim === "program" || victim === "down") {
    const down = await project.meshdev("down");
    if (down.code !== 0) throw new Error(down.stderr);
  }
  const left = (): string[] => [
    ...own.filter((each) => namespaces().has(each)),
    ...links().filter((each) => !before.links.includes(each)),
    ...processesOf(project).map((each) => `process ${each}`),
    ...files(project.env["XDG_RUNTIME_DIR"] ?? ""),
  ];
  while (left().length > 0 && performance.now() - since < 10_000) await pause(10);
  return { victim, ms: Math.round(performance.now() - since), left: left() };
}

interface Ps {
  readonly dataPlane: { readonly pid: number | null };
  readonly workloads: readonly { readonly state: { readonly pid?: number } }[];
}

/** Every third program leaves a child that has left its session and its environment; another dies of SIGSEGV and comes again. */
function projectFile(pods: number): string {
  const run = ["exec sleep 1000", "setsid env -i sleep 1000 & exec sleep 1000", "sleep 1000 & wait"];
  const services = Array.from(
    { length: pods },
    (_, at) => `  s${at}: {run: "${run[at % run.length] ?? ""}", ready: spawn}\n`,
  );
  return `services:\n${services.join("")}`;
}

function pidOf(project: Project, state: Ps, victim: Victim, own: ReadonlySet<string>): number | undefined {
  switch (victim) {
    case "down":
      return undefined;
    case "daemon":
      return processesOf(project).find((pid) => commandLine(pid).includes("runtime/daemon"));
    case "holder":
      return processes().find(({ pid, namespace }) => own.has(namespace) && commandLine(pid).includes("IP_TRANSPARENT"))
        ?.pid;
    case "data plane":
      return state.dataPlane.pid ?? undefined;
    case "program":
      return state.workloads[0]?.state.pid;
  }
}

function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    return "";
  }
}

/** Network namespaces in which some process lives. */
function namespaces(): ReadonlySet<string> {
  return new Set(processes().map(({ namespace }) => namespace));
}

function processes(): readonly { readonly pid: number; readonly namespace: string }[] {
  return readdirSync("/proc").flatMap((name) => {
    try {
      return /^\d+$/.test(name) ? [{ pid: Number(name), namespace: readlinkSync(`/proc/${name}/ns/net`) }] : [];
    } catch {
      return [];
    }
  });
}

/** Network interfaces of this machine. */
function links(): readonly string[] {
  return readdirSync("/sys/class/net").toSorted();
}

/** Files below a folder; one that vanishes meanwhile is looked for again. */
function files(folder: string): readonly string[] {
  try {
    return readdirSync(folder, { recursive: true })
      .map(String)
      .filter((each) => each.includes("."));
  } catch {
    return ["something that is being removed"];
  }
}

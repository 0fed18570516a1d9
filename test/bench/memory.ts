import { readFileSync } from "node:fs";
import { createSampleProject, processesOf, type Project } from "../e2e/support/project.ts";
import { figure, type Figure } from "./figure.ts";

/** Proportional set size of a process, in MB. */
export function pssOf(pid: number): number {
  const match = /^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "utf8"));
  return Number(match?.[1] ?? Number.NaN) / 1024;
}

export interface Roles {
  readonly daemon: number;
  readonly dataPlane: number;
}

/** The daemon and the data plane of a running project. */
export async function rolesOf(project: Project): Promise<Roles> {
  const state = JSON.parse((await project.meshdev("ps", "-o", "json")).stdout) as {
    readonly dataPlane: { readonly pid: number };
  };
  const parent = Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${state.dataPlane.pid}/status`, "utf8"))?.[1]);
  return { daemon: parent, dataPlane: state.dataPlane.pid };
}

export async function memory(): Promise<readonly Figure[]> {
  await using project = await createSampleProject();
  const up = await project.meshdev("up", "-d");
  if (up.code !== 0) throw new Error(up.stderr);
  // Idle means: started, a few seconds of the sample's own calls, nobody watching.
  await new Promise((next) => setTimeout(next, 8000));
  const { daemon, dataPlane } = await rolesOf(project);
  const others = processesOf(project).filter((pid) => pid !== daemon && pid !== dataPlane);
  return [
    figure("daemon, Pss", "MB", [pssOf(daemon)]),
    figure("data plane, Pss", "MB", [pssOf(dataPlane)]),
    figure("daemon + data plane, Pss idle", "MB", [pssOf(daemon) + pssOf(dataPlane)], "<= 150 MB"),
    figure("other processes of the mesh (programs, reaper)", "count", [others.length]),
  ];
}

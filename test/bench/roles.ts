import { readFileSync } from "node:fs";
import type { Project } from "../e2e/support/project.ts";

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

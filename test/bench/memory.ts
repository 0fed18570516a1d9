import { createSampleProject, processesOf } from "../e2e/support/project.ts";
import { figure, type Figure } from "./figure.ts";
import { rolesOf } from "./roles.ts";
import { memoryOf } from "./usage.ts";

export async function memory(): Promise<readonly Figure[]> {
  await using project = await createSampleProject();
  const up = await project.meshdev("up", "-d");
  if (up.code !== 0) throw new Error(up.stderr);
  // Idle means: started, a few seconds of the sample's own calls, nobody watching.
  await new Promise((next) => setTimeout(next, 8000));
  const { daemon, dataPlane } = await rolesOf(project);
  const others = processesOf(project).filter((pid) => pid !== daemon && pid !== dataPlane);
  return [
    figure("daemon, Pss", "MB", [memoryOf(daemon).pss]),
    figure("data plane, Pss", "MB", [memoryOf(dataPlane).pss]),
    figure("daemon + data plane, Pss idle", "MB", [memoryOf(daemon).pss + memoryOf(dataPlane).pss], "<= 150 MB"),
    figure("other processes of the mesh (programs, reaper)", "count", [others.length]),
  ];
}

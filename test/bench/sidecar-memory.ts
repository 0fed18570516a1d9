import { createProject } from "../e2e/support/project.ts";
import { rolesOf } from "./roles.ts";
import { round } from "./row.ts";
import { memoryOf } from "./usage.ts";

/** What one more sidecar costs, MiB: the difference between a mesh of 52 and one of 2, divided by 50. */
export interface SidecarMemory {
  readonly dataPlanePssMiB: number;
  readonly daemonPssMiB: number;
}

const few = 2;
const many = 52;
/** Start-up garbage is gone after the first collections. */
const settleMs = 6000;

export async function sidecarMemory(): Promise<SidecarMemory> {
  const [small, large] = [await measure(few), await measure(many)];
  const each = (of: "dataPlane" | "daemon"): number => round((large[of] - small[of]) / (many - few));
  return { dataPlanePssMiB: each("dataPlane"), daemonPssMiB: each("daemon") };
}

async function measure(count: number): Promise<Readonly<Record<"dataPlane" | "daemon", number>>> {
  // Programs that do nothing: each has a port, a certificate, a snapshot and two listeners in the data plane.
  const services = Array.from(
    { length: count },
    (_, n) => `  s${n}: {run: [sleep, infinity], port: 8080, ready: spawn}`,
  );
  await using project = createProject({ "meshdev.yaml": `services:\n${services.join("\n")}\n` });
  const up = await project.meshdev("up", "-d");
  if (up.code !== 0) throw new Error(up.stderr);
  await new Promise((next) => setTimeout(next, settleMs));
  const { daemon, dataPlane } = await rolesOf(project);
  return { daemon: memoryOf(daemon).pss, dataPlane: memoryOf(dataPlane).pss };
}

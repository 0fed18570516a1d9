import { createSampleProject, until } from "../e2e/support/project.ts";
import { figure, type Figure } from "./figure.ts";
import { rolesOf } from "./roles.ts";

/** From killing (or stopping) the data plane to the next answered connection on the published port. */
export async function dataPlaneReplacement(): Promise<readonly Figure[]> {
  const measure = async (signal: NodeJS.Signals): Promise<readonly number[]> => {
    const samples: number[] = [];
    await using project = await createSampleProject();
    const up = await project.meshdev("up", "-d");
    if (up.code !== 0) throw new Error(up.stderr);
    for (let run = 0; run < 7; run += 1) {
      await until("an answer", () => answered(project.port));
      const { dataPlane } = await rolesOf(project);
      const begun = performance.now();
      process.kill(dataPlane, signal);
      await until("an answer again", () => answered(project.port));
      samples.push(performance.now() - begun);
    }
    return samples;
  };
  return [
    figure("data plane killed to next answered connection", "ms", await measure("SIGKILL"), "<= 500 ms"),
    figure("data plane stopped (hung) to next answered connection", "ms", await measure("SIGSTOP"), "<= 500 ms"),
  ];
}

async function answered(port: number): Promise<true | undefined> {
  try {
    const answer = await fetch(`http://127.0.0.1:${port}/`, {
      signal: AbortSignal.timeout(100),
      headers: { connection: "close" },
    });
    await answer.text();
    return answer.status === 200 ? true : undefined;
  } catch {
    return undefined;
  }
}

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../../runtime/core/clock.ts";
import { openPodNetwork } from "../../runtime/host/pods/network.ts";
import { podEnclosure } from "../../runtime/host/pods/pod.ts";
import { writePodFiles } from "../../runtime/host/pods/pod-files.ts";
import { describeProbe, probePods } from "../../runtime/host/pods/probe.ts";
import type { PodTools } from "../../runtime/host/pods/tools.ts";
import { startProcess, type Enclosure } from "../../runtime/host/process.ts";
import { currentUser } from "../../runtime/host/session-folder.ts";
import { figure, type Figure } from "./figure.ts";
import { measureRequests } from "./requests.ts";

const parallel = 40;

/** How much longer a program takes to start in a pod of its own, and what capture costs each request. */
export async function pods(): Promise<readonly Figure[]> {
  const probe = await probePods(currentUser());
  if (probe.tools === undefined || !probe.ok) throw new Error(describeProbe(probe));
  const [hook, pod] = [await measureRequests("hook"), await measureRequests("pods")];
  return [
    ...(await startTimes(probe.tools)),
    figure("CPU of both sidecars per request, hook", "µs", hook.cpu),
    figure("CPU of both sidecars per request, pods", "µs", pod.cpu, "<= 1.1 x the hook's"),
    figure("requests/s, hook", "1/s", hook.rates),
    figure("requests/s, pods", "1/s", pod.rates),
  ];
}

async function startTimes(tools: PodTools): Promise<readonly Figure[]> {
  const user = currentUser();
  const isRoot = process.getuid?.() === 0;
  const opened = await openPodNetwork({ tools, isRoot, session: "bench", onSpawn: () => undefined });
  if (!opened.ok) throw new Error(opened.fault.reason);
  const folder = mkdtempSync(join(tmpdir(), "meshdev-bench-"));
  let count = 0;
  const enclose = (): Enclosure => {
    count += 1;
    const pod = { name: `bench-${count}`, namespace: "default", address: `10.244.9.${1 + (count % 250)}` };
    const files = writePodFiles(join(folder, String(count)), pod);
    const own = {
      tools,
      network: opened.network,
      user,
      isRoot,
      files,
      onNamespace: () => undefined,
      onEnd: () => undefined,
    };
    return podEnclosure({ ...own, address: pod.address, veth: `vp${count}` });
  };
  /** From asking for a program until it has run to its end. */
  const run = async (enclosure?: Enclosure): Promise<number> => {
    const begun = performance.now();
    const child = await startProcess({
      command: ["/bin/true"],
      cwd: "/",
      env: {},
      user,
      clock: systemClock,
      onLine: () => undefined,
      ...(enclosure === undefined ? {} : { enclosure }),
    });
    await child.exited;
    return performance.now() - begun;
  };
  const alone: number[] = [];
  const together: number[] = [];
  try {
    for (let round = 0; round < 21; round += 1) {
      const plain = await run();
      alone.push((await run(enclose())) - plain);
    }
    for (let round = 0; round < 5; round += 1) {
      const begun = performance.now();
      await Promise.all(Array.from({ length: parallel }, () => run(enclose())));
      together.push(performance.now() - begun);
    }
  } finally {
    await opened.network.close();
    rmSync(folder, { recursive: true, force: true });
  }
  return [
    figure("a pod, beyond the program's own start", "ms", alone, "<= 45 ms"),
    figure(`${parallel} pods together, until all programs have run`, "ms", together, "<= 1000 ms"),
  ];
}

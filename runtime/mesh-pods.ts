import type { Scope } from "./core/scope.ts";
import { MeshError } from "./core/error.ts";
import type { MeshNamespace } from "./control/data-plane-link.ts";
import type { MachineAddresses } from "./control/machine-address.ts";
import type { Env } from "./ground.ts";
import { explainFault, readFacts } from "./host/pods/causes.ts";
import { createLender, type Lender } from "./host/pods/lender.ts";
import { openPodNetwork, type PodNetwork } from "./host/pods/network.ts";
import { createOutsideNames } from "./host/pods/outside-names.ts";
import { meshGateway, podAlias } from "./host/pods/rules.ts";
import { findPodTools, type PodTools } from "./host/pods/tools.ts";
import type { Reaper } from "./host/reaper/reaper.ts";
import type { CaptureChoice } from "./model/dataplane.ts";

/** What a mesh of network pods stands on. */
export interface MeshPods {
  readonly tools: PodTools;
  readonly isRoot: boolean;
  readonly network: PodNetwork;
  readonly lender: Lender;
  /** Where the data plane runs. */
  readonly inside: MeshNamespace;
}

/** The first file descriptor for lent listeners: behind the pipe to the daemon, and Node's own channel. */
const firstLent = 5;

/**
 * Makes the mesh namespace when pods are asked for. `auto` means the hook as long as pods do not serve everything that it does.
 * @throws MeshError MD6011 when the system does not allow them
 */
export async function openMeshPods(
  choice: CaptureChoice,
  env: Env,
  session: string,
  reaper: Reaper,
  scope: Scope,
): Promise<MeshPods | undefined> {
  if (choice !== "pods") return undefined;
  if (process.platform !== "linux") throw new MeshError("MD6011", "network pods need Linux", { hint: useHook });
  const found = findPodTools(env["PATH"]);
  if (!found.ok)
    throw new MeshError("MD6011", `network pods need ${found.missing.join(", ")}`, {
      hint: `install ${found.packages.join(", ")} (names as in Debian)`,
    });
  const { tools } = found;
  const isRoot = process.getuid?.() === 0;
  const opened = await openPodNetwork({ tools, isRoot, session, onSpawn: reaper.watch });
  if (!opened.ok) {
    const { step, reason } = opened.fault;
    throw new MeshError("MD6011", `network pods cannot be made (${step}): ${reason}`, {
      hint: explainFault(step, reason, readFacts()) ?? useHook,
    });
  }
  const { network } = opened;
  reaper.watchNamespace(network.inode);
  scope.defer(async () => {
    await network.close();
    reaper.forget(network.pid);
    reaper.forgetNamespace(network.inode);
  });
  const lender = createLender(createOutsideNames());
  const inside = { command: network.enterWithSockets(firstLent), gateway: meshGateway, onChild: lender.serve };
  return { tools, isRoot, network, lender, inside };
}

const useHook = "`meshdev doctor` tries every step; `--capture=hook` runs Node programs without pods";

/** Pods have their model addresses; what is mapped is where sidecars meet. */
export const podAddresses: MachineAddresses = {
  mapFor: (workloads) => ({
    kind: "pods",
    second: podAlias,
    outsiders: workloads.filter((workload) => !workload.sidecar).map((workload) => workload.address),
  }),
  second: undefined,
  release: () => undefined,
};

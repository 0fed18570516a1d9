import { once } from "node:events";
import type { Duplex } from "node:stream";
import { MeshError } from "../../core/error.ts";
import { createLineSplitter } from "../lines.ts";
import type { Enclosure } from "../process.ts";
import type { HostUser } from "../session-folder.ts";
import { namespaceOf, type PodNetwork } from "./network.ts";
import { podScript } from "./pod-script.ts";
import type { PodTools } from "./tools.ts";

export interface PodOptions {
  readonly tools: PodTools;
  readonly network: Pick<PodNetwork, "pid" | "enter">;
  readonly user: HostUser;
  /** Whether we are root, and the pod in no user namespace. */
  readonly isRoot: boolean;
  readonly address: string;
  /** Name of the pod's veth in the mesh namespace; another one for each start, since an old one may go later. */
  readonly veth: string;
  /** Folder of what the pod sees in /etc. */
  readonly files: string;
  /** Told before the program runs: a sweep must not miss it. */
  readonly onNamespace: (inode: string) => void;
  /** The program has ended; others may be left in its namespace. */
  readonly onEnd: () => void;
}

/** A network and mount namespace of its own for one program, which then runs as the developer with nothing else changed. */
export function podEnclosure(options: PodOptions): Enclosure {
  const { tools, network } = options;
  return {
    leave: options.onEnd,
    wrap: (argv) => [
      ...network.enter,
      tools.unshare,
      "--net",
      "--mount",
      "--",
      "/bin/sh",
      "-c",
      podScript(tools),
      "meshdev-pod",
      String(network.pid),
      options.address,
      options.veth,
      options.files,
      ...becomeUser(options),
      ...argv,
    ],
    enter: async (pid, channel, exited) => {
      const fault = await readiness(channel, exited);
      if (fault !== undefined) throw new MeshError("MD6011", `its network pod could not be made: ${fault}`, { hint });
      options.onNamespace(namespaceOf(pid));
      channel.end("go\n");
      await once(channel, "close");
    },
  };
}

const hint = "`meshdev doctor` says what this machine lacks; `--capture=hook` runs Node programs without pods";

/** The system ends a program with its parent: what it started itself is swept. Set last, since changing the user forgets it. */
function becomeUser({ tools, user, isRoot }: PodOptions): readonly string[] {
  const tied = ["--pdeathsig", "KILL", "--"];
  if (!isRoot) {
    const map = [`--map-user=${process.getuid?.() ?? 0}`, `--map-group=${process.getgid?.() ?? 0}`];
    return [tools.unshare, "--user", ...map, "--", tools.setpriv, ...tied];
  }
  if (user.owner === undefined) return [tools.setpriv, ...tied];
  const { uid, gid } = user.owner;
  const ids = ["--reuid", String(uid), "--regid", String(gid), "--init-groups"];
  return [tools.setpriv, ...ids, "--inh-caps=-all", "--bounding-set=-all", ...tied];
}

function readiness(channel: Duplex, exited: Promise<{ readonly code: number | null }>): Promise<string | undefined> {
  return new Promise((resolve) => {
    const lines = createLineSplitter((line) => {
      resolve(line === "ready" ? undefined : line.replace(/^fail /, ""));
    });
    channel.on("data", lines.push);
    channel.on("error", () => undefined);
    void exited.then(({ code }) => resolve(`its first commands ended with code ${String(code)}`));
  });
}

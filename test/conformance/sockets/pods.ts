import { spawn } from "node:child_process";
import { entrances, openPodNetwork } from "../../../runtime/host/pods/network.ts";
import { describeProbe, probePods } from "../../../runtime/host/pods/probe.ts";
import { meshGateway } from "../../../runtime/host/pods/rules.ts";
import { findPodTools, type PodTools } from "../../../runtime/host/pods/tools.ts";
import { currentUser } from "../../../runtime/host/session-folder.ts";
import type { MeshNamespace } from "../../../runtime/control/data-plane-link.ts";

/** By this a runner knows that it is inside: the holder's pid, and its sockets. */
const variable = "MESHDEV_CONFORMANCE_HOLDER";

/**
 * One namespace for all pods of all cases: every workload address is local, and yet whatever is sent to one leaves over the veth, as it
 * would from another pod. $1: the holder's pid.
 */
const script = (tools: PodTools): string => `set -e
${tools.ip} -batch - <<END
link set lo up
link add eth0 type veth peer name vp1 netns $1
link set eth0 up
route add ${meshGateway}/32 dev eth0
route add default via ${meshGateway} dev eth0 onlink table 100
rule add pref 10 iif lo to 10.0.0.0/8 lookup 100
rule add pref 100 lookup local
rule del pref 0 lookup local
route add local 10.244.0.0/16 dev lo table local
END
for name in all eth0; do
  echo 0 > /proc/sys/net/ipv4/conf/$name/rp_filter
  echo 1 > /proc/sys/net/ipv4/conf/$name/accept_local
done
echo 0 > /proc/sys/net/ipv4/ip_unprivileged_port_start
${tools.nsenter} --net=/proc/$1/ns/net ${tools.ip} -batch - <<END
link set vp1 up
route add 10.244.0.0/16 dev vp1 src ${meshGateway}
END
shift
exec "$@"
`;

/** The mesh namespace beside us; undefined: we are not inside. */
export function meshBeside(): MeshNamespace | undefined {
  const text = process.env[variable];
  const found = findPodTools(process.env["PATH"]);
  if (text === undefined || !found.ok) return undefined;
  const { pid, sockets } = JSON.parse(text) as { readonly pid: number; readonly sockets: readonly string[] };
  // We are in the holder's user namespace already.
  const { enterWithSockets } = entrances(found.tools, true, pid, sockets);
  return { command: enterWithSockets(5), gateway: meshGateway, onChild: () => undefined };
}

/** Runs this very program again as all pods of a mesh; its exit code. Says why when it cannot. */
export async function runInPods(): Promise<number | string> {
  const probe = await probePods(currentUser());
  if (!probe.ok || probe.tools === undefined) return describeProbe(probe);
  const { tools } = probe;
  const isRoot = process.getuid?.() === 0;
  const opened = await openPodNetwork({ tools, isRoot, session: "conformance", onSpawn: () => undefined });
  if (!opened.ok) return opened.fault.reason;
  const { network } = opened;
  const [enter = "", ...args] = network.enter;
  const inside = [tools.unshare, "--net", "--", "/bin/sh", "-c", script(tools), "sh", String(network.pid)];
  const again = [process.execPath, ...process.execArgv, ...process.argv.slice(1)];
  const child = spawn(enter, [...args, ...inside, ...again], {
    stdio: "inherit",
    env: { ...process.env, [variable]: JSON.stringify({ pid: network.pid, sockets: network.sockets }) },
  });
  const code = await new Promise<number>((resolve) => {
    child.once("exit", (status) => resolve(status ?? 1));
  });
  await network.close();
  return code;
}

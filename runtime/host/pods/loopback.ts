import { spawn } from "node:child_process";
import { MeshError } from "../../core/error.ts";
import type { PodTools } from "./tools.ts";

/** A port of a pod on which its program listens on 127.0.0.1 only. */
export interface LoopbackPort {
  readonly tools: PodTools;
  readonly isRoot: boolean;
  /** Pids of the mesh namespace's holder and of the program. */
  readonly holder: number;
  readonly pod: number;
  readonly address: string;
  readonly port: number;
}

/** Lets the pod's own address lead to its 127.0.0.1 on that port, within the pod. @throws MeshError MD6011 */
export function openLoopback({ tools, isRoot, holder, pod, address, port }: LoopbackPort): Promise<void> {
  const user = isRoot ? [] : ["--target", String(holder), "--user", "--preserve-credentials"];
  const script = `echo 1 > /proc/sys/net/ipv4/conf/eth0/route_localnet && exec ${tools.nft} -f -`;
  const rules = `add table ip meshdev
add chain ip meshdev prerouting { type nat hook prerouting priority dstnat; policy accept; }
add rule ip meshdev prerouting iifname "eth0" ip daddr ${address} tcp dport ${port} dnat to 127.0.0.1
`;
  return new Promise((resolve, reject) => {
    const child = spawn(tools.nsenter, [...user, `--net=/proc/${pod}/ns/net`, "--", "/bin/sh", "-c", script], {
      stdio: ["pipe", "ignore", "pipe"],
      cwd: "/",
      env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C" },
    });
    let said = "";
    child.stderr.on("data", (chunk: Buffer) => {
      said += chunk.toString("utf8");
    });
    child.stdin.on("error", () => undefined);
    child.once("error", reject);
    child.once("close", (code) => {
      if (code === 0) resolve();
      else reject(new MeshError("MD6011", `127.0.0.1:${port} of a pod cannot be reached: ${said.trim()}`));
    });
    child.stdin.end(rules);
  });
}

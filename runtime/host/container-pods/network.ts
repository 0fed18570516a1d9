import type { RelayPlan } from "../../model/relay.ts";
import type { HookConfig } from "../hook-config.ts";

/** Addresses of services and workloads. In a pod all of them are its own, so that what is sent there stays in it. */
const meshRanges = ["10.96.0.0/16", "10.244.0.0/16"] as const;

/**
 * What a pod's first container does as its whole life: it makes the addresses of the mesh local, loads the packet rules, and waits.
 * Arguments of `sh -c`; the rules are in the variable `RULES`.
 */
export const pauseCommand = [
  "/bin/sh",
  "-c",
  [
    "set -e",
    "ip link set lo up",
    ...meshRanges.map((range) => `ip addr add ${range} dev lo`),
    'printf "%s" "$RULES" > /tmp/rules && nft -f /tmp/rules',
    "touch /tmp/ready",
    "trap 'exit 0' TERM",
    "while :; do sleep 86400 & wait $!; done",
  ].join("\n"),
] as const;

/** Whether the rules are in force. */
export const pauseCheck = ["/bin/sh", "-c", "until [ -e /tmp/ready ]; do sleep 0.02; done"] as const;

/**
 * Every declared port of an address of the mesh leads to the relay's own port for it, with the address kept; every other port is refused, since
 * the program itself would answer there: a listener on 0.0.0.0 has all local addresses.
 */
export function podRules(plan: RelayPlan): string {
  const ranges = `{ ${meshRanges.join(", ")} }`;
  const elements = plan.outbound.map(({ port, listen }) => `${port} : ${listen}`).join(", ");
  return `table ip meshdev {
  map ports { type inet_service : inet_service; ${elements === "" ? "" : `elements = { ${elements} }`} }
  chain out { type nat hook output priority -100; ip daddr ${ranges} meta l4proto tcp dnat to :tcp dport map @ports; }
  chain guard {
    type filter hook output priority 0;
    ct status dnat accept
    ip daddr ${ranges} ct direction original meta l4proto tcp reject with tcp reset
    ip daddr ${ranges} ct direction original reject
  }
}
`;
}

/** Adds ports to rules that are loaded. */
export function addPorts(added: RelayPlan["outbound"]): readonly string[] {
  const elements = added.map(({ port, listen }) => `${port} : ${listen}`).join(", ");
  return ["nft", "add", "element", "ip", "meshdev", "ports", `{ ${elements} }`];
}

/** /etc/hosts of a pod: all names of the mesh, as far as a resolver's search list in its namespace would shorten them. */
export function hostsText({ names, search, workload, address }: HookConfig): string {
  const lines = ["127.0.0.1 localhost", `127.0.0.1 ${workload.split(".")[0] ?? workload}`];
  for (const [name, addresses] of Object.entries(names)) {
    const short = search
      .filter((domain) => name.endsWith(`.${domain}`))
      .map((domain) => name.slice(0, -domain.length - 1));
    for (const each of addresses) {
      if (each !== address) lines.push(`${each} ${[name, ...new Set(short)].join(" ")}`);
    }
  }
  return `${lines.join("\n")}\n`;
}

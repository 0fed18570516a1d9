/** Address of the mesh namespace in every pod: default gateway and name server. No workload has it. */
export const meshGateway = "10.244.0.1";
/** Beginning of the names of the veth ends in the mesh namespace. */
export const vethPrefix = "vp";
/** The one transparent listener; also the packet mark and the routing table that lead to it. */
export const capturePort = 15001;
/** Second number of the loopback range of the mesh namespace where sidecars meet: 127.244.a.b stands for the workload 10.244.a.b. */
export const podAlias = 244;

/**
 * The packet rules of a mesh namespace. What a pod sends over TCP ends at the transparent listener, whatever its destination; what one
 * sidecar sends to another does too. Nothing is forwarded: everything else a pod sends is refused, except questions about names.
 */
export function nftRules(): string {
  const pods = `iifname "${vethPrefix}*"`;
  return `table ip meshdev {
  chain prerouting {
    type filter hook prerouting priority mangle; policy accept;
    ${pods} ip daddr 127.0.0.0/8 drop
    ${pods} ip daddr ${meshGateway} accept
    ${pods} meta l4proto tcp meta mark set ${capturePort} tproxy to :${capturePort} accept
    ${pods} meta l4proto udp reject
    ${pods} drop
    iifname "lo" ip daddr 127.${podAlias}.0.0/16 meta l4proto tcp tproxy to :${capturePort} accept
  }
  chain input {
    type filter hook input priority filter; policy accept;
    ${pods} ip daddr ${meshGateway} tcp dport != 53 tcp flags & (syn | ack) == syn reject with tcp reset
  }
}
`;
}

/** Lines of `ip -batch` for the mesh namespace. */
export function meshRoutes(): string {
  return `link set lo up
address add ${meshGateway}/32 dev lo
route add local default dev lo table ${capturePort}
rule add fwmark ${capturePort} lookup ${capturePort}
`;
}

import type { PodTools } from "./tools.ts";
import { meshGateway } from "./rules.ts";

/**
 * POSIX sh that runs in a pod's own network and mount namespaces, gives them what a pod has, and becomes the program.
 * Arguments: the holder's pid, the pod's address, the veth's name in the mesh namespace, the folder of the pod's files, then the program.
 * A file `namespace` among the pod's is told its network namespace, for a pod that the daemon did not start itself. File descriptor 3: it says `ready`, or `fail` and why, and goes on when it is told to. Every command is executed in place or ends before.
 */
export function podScript(tools: PodTools): string {
  return `# meshdev pod
fail() { printf 'fail %s\\n' "$(printf %s "$1" | tr '\\n' ' ')" >&3; exit 125; }
put() { { printf %s "$1" > "$2"; } 2>/dev/null || fail "$2 cannot be written"; }
holder=$1 address=$2 veth=$3 files=$4
shift 4
put 0 /proc/sys/net/ipv4/ip_unprivileged_port_start
[ ! -e /proc/sys/net/ipv6/conf/default/disable_ipv6 ] || put 1 /proc/sys/net/ipv6/conf/default/disable_ipv6
said=$(${tools.ip} -batch - 2>&1 <<END
link set lo up
link add eth0 type veth peer name $veth netns $holder
address add $address/32 dev eth0
link set eth0 up
route add ${meshGateway}/32 dev eth0
route add default via ${meshGateway} dev eth0
END
) || fail "veth: $said"
said=$(${tools.nsenter} --net=/proc/$holder/ns/net ${tools.ip} -batch - 2>&1 <<END
link set $veth up
route replace $address/32 dev $veth src ${meshGateway}
END
) || fail "veth: $said"
for name in hosts resolv.conf nsswitch.conf; do
  [ -e /etc/$name ] || [ $name = nsswitch.conf ] || fail "/etc/$name does not exist or is a broken link"
  [ -e /etc/$name ] || continue
  said=$(${tools.mount} --bind "$files/$name" /etc/$name 2>&1) || fail "mount /etc/$name: $said"
done
if [ -d /run/nscd ]; then said=$(${tools.mount} -t tmpfs meshdev /run/nscd 2>&1) || fail "mount /run/nscd: $said"; fi
[ ! -e "$files/namespace" ] || readlink /proc/self/ns/net > "$files/namespace"
printf 'ready\\n' >&3
read -r answer <&3 && [ "$answer" = go ] || exit 125
exec 3>&-
exec "$@"
`;
}

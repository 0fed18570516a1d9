import { spawn } from "node:child_process";
import { once } from "node:events";

/** Outlives the daemon by a moment, to end what it started. */
export interface Reaper {
  readonly pid: number;
  /** A process group to kill should the daemon die. */
  readonly watch: (group: number) => void;
  readonly forget: (group: number) => void;
  /** A network namespace, `net:[4026532177]`, of which no process may be left. Forget it when it is empty: the system gives its number again. */
  readonly watchNamespace: (inode: string) => void;
  readonly forgetNamespace: (inode: string) => void;
  /** Ends the reaper; it kills what is still watched and removes the session folder on its way out. */
  readonly close: () => Promise<void>;
  /** Resolves when the reaper is gone; without one, a daemon must not go on. */
  readonly exited: Promise<void>;
}

/*
 * POSIX sh, because a shell costs one megabyte and Node forty. $1: session id, $2: session folder.
 * Standard input is a pipe from the daemon: `+N` watches group N, `-N` forgets it; `@N` and `!N` do so with network namespaces. End of file means that the daemon is gone.
 * Namespaces of leased commands stand in files of the folder.
 * The folder is removed only while it still belongs to this session: another daemon may already have taken it over.
 */
const script = `# meshdev reaper
trap '' HUP INT QUIT TERM PIPE
id=$1
dir=$2
groups=' '
spaces=' '
while read -r line; do
  n=\${line#?}
  case $n in ''|*[!0-9]*|0|1) continue ;; esac
  case $line in
    +*) groups="$groups$n " ;;
    -*) groups="\${groups%%" $n "*} \${groups#*" $n "}" ;;
    @*) spaces="$spaces$n " ;;
    !*) case $spaces in *" $n "*) spaces="\${spaces%%" $n "*} \${spaces#*" $n "}" ;; esac ;;
  esac
done
spaces="$spaces $(sed -n 's/^net:\\[\\([0-9]*\\)\\]$/\\1/p' "$dir"/pods/*/namespace 2>/dev/null)"
for n in $groups; do kill -KILL "-$n" 2>/dev/null; done
sweep() {
  if [ -d /proc/self ]; then
    found=$(grep -lsazxF "MESHDEV_SESSION=$id" /proc/[0-9]*/environ)
  else
    found=$(ps -axww -E -o pid=,command= 2>/dev/null | grep -F "MESHDEV_SESSION=$id" | grep -v grep | awk '{print "/proc/" $1 "/environ"}')
  fi
  if [ $# -gt 0 ]; then
    for link in $(find /proc/[0-9]*/ns/net -maxdepth 0 \\( "$@" \\) 2>/dev/null); do
      found="$found \${link%/ns/net}/environ"
    done
  fi
  hit=1
  for file in $found; do
    pid=\${file#/proc/}
    pid=\${pid%/environ}
    [ "$pid" = "$$" ] && continue
    kill -KILL "$pid" 2>/dev/null && hit=0
  done
  return $hit
}
set --
for n in $spaces; do
  [ $# -eq 0 ] || set -- "$@" -o
  set -- "$@" -lname "net:\\[$n\\]"
done
tries=0
while [ $tries -lt 20 ] && sweep "$@"; do tries=$((tries + 1)); done
if [ "$(cat "$dir/id" 2>/dev/null)" = "$id" ]; then rm -rf -- "$dir"; fi
`;

/** Starts the reaper of a session. Start it before any program. */
export function startReaper(session: { readonly id: string; readonly folder: string }): Reaper {
  const child = spawn("/bin/sh", ["-c", script, "meshdev-reaper", session.id, session.folder], {
    // Own session: neither Ctrl-C nor the end of the terminal reaches it.
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
    cwd: "/",
    env: { PATH: "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin" },
  });
  const exited = once(child, "exit").then(() => undefined);
  child.stdin.on("error", () => undefined);
  child.on("error", () => undefined);
  child.unref();
  const pid = child.pid;
  if (pid === undefined) throw new Error("the reaper could not be started: /bin/sh is missing");

  const send = (line: string): void => {
    if (child.stdin.writable) child.stdin.write(`${line}\n`);
  };
  return {
    pid,
    watch: (group) => send(`+${group}`),
    forget: (group) => send(`-${group}`),
    watchNamespace: (inode) => send(`@${numberOf(inode)}`),
    forgetNamespace: (inode) => send(`!${numberOf(inode)}`),
    exited,
    close: async () => {
      child.ref();
      child.stdin.end();
      if (child.exitCode === null && child.signalCode === null) await exited;
    },
  };
}

function numberOf(inode: string): string {
  return /^net:\[(\d+)\]$/.exec(inode)?.[1] ?? "0";
}

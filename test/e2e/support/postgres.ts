import { existsSync, globSync } from "node:fs";

/** Where this machine has PostgreSQL's programs. */
export const binaries = globSync("/usr/lib/postgresql/*/bin").toSorted().at(-1) ?? "/usr/bin";
export const hasPostgres = existsSync(`${binaries}/postgres`);

const isRoot = process.getuid?.() === 0;
/** PostgreSQL does not run as root. */
const asNobody = isRoot ? "setpriv --reuid 65534 --regid 65534 --clear-groups " : "";

/** A shell script that runs a fresh server on port 5432 without passwords, in the foreground. */
export function postgresScript(user: string): string {
  return [
    "d=$(mktemp -d)",
    isRoot ? "chown 65534:65534 $d" : "true",
    `${asNobody}${binaries}/initdb -D $d/data -U ${user} -A trust >/dev/null`,
    "echo 'host all all all trust' >> $d/data/pg_hba.conf",
    `exec ${asNobody}${binaries}/postgres -D $d/data -h 0.0.0.0 -p 5432 -k $d`,
  ].join(" && ");
}

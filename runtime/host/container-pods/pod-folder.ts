import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { relayFiles, type RelayPlan } from "../../model/relay.ts";
import type { Session } from "../session.ts";

export interface PodPaths {
  /** Shared with the sidecar's container only. */
  readonly sockets: string;
  /** Is there when the relay serves. */
  readonly ready: string;
  readonly plan: string;
  /** What the program sees as /etc/hosts. */
  readonly hosts: string;
}

/** Makes the folders that a container pod needs; they go with the session. */
export function podPaths({ paths }: Pick<Session, "paths">, workload: string): PodPaths {
  const sockets = paths.podSocket(workload, ".");
  const own = paths.podFiles(workload);
  for (const folder of [sockets, own]) mkdirSync(folder, { recursive: true, mode: 0o700 });
  return {
    sockets,
    ready: paths.podSocket(workload, relayFiles.ready),
    plan: paths.podSocket(workload, relayFiles.plan),
    hosts: `${own}/hosts`,
  };
}

export function writePlan(paths: PodPaths, plan: RelayPlan): void {
  const next = `${paths.plan}.new`;
  writeFileSync(next, JSON.stringify(plan), { mode: 0o600 });
  renameSync(next, paths.plan);
}

/** A file that is mounted by itself is its inode: it is never replaced. */
export function writeInPlace(file: string, text: string): void {
  writeFileSync(file, text, { mode: 0o644 });
}

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { clusterDomain } from "../hook-config.ts";
import { meshGateway } from "./rules.ts";

/** What a pod sees in /etc instead of the machine's. Names of the mesh are asked of the name server, so that these never change. */
export function podFiles(pod: {
  readonly name: string;
  readonly namespace: string;
  readonly address: string;
}): Readonly<Record<string, string>> {
  const search = [`${pod.namespace}.svc.${clusterDomain}`, `svc.${clusterDomain}`, clusterDomain];
  return {
    // Java cannot start a server without the machine's own name.
    hosts: `127.0.0.1 localhost\n${pod.address} ${pod.name.replaceAll("#", "-")} ${hostname()}\n`,
    "resolv.conf": `nameserver ${meshGateway}\nsearch ${search.join(" ")}\noptions ndots:5\n`,
    "nsswitch.conf": withoutResolved(readIfThere("/etc/nsswitch.conf")),
  };
}

/** Writes them and returns their folder. */
export function writePodFiles(folder: string, pod: Parameters<typeof podFiles>[0]): string {
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  for (const [name, text] of Object.entries(podFiles(pod))) writeFileSync(join(folder, name), text, { mode: 0o644 });
  return folder;
}

/** Other sources than the pod's own files and name server, as systemd-resolved, would answer for the machine, past the pod. */
function withoutResolved(text: string): string {
  return `${text.replaceAll(/^\s*hosts:.*$/gm, "").trimEnd()}\nhosts: files dns\n`;
}

/** Empty when it is not. */
export function readIfThere(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

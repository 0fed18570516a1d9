import { readFileSync } from "node:fs";
import type { ProbeStep } from "./probe.ts";

/** What a machine says of itself that bears on namespaces. */
export interface MachineFacts {
  readonly isRoot: boolean;
  /** Values of sysctls by their names; missing ones do not exist. */
  readonly sysctls: Readonly<Record<string, string>>;
}

const sysctlNames = [
  "user/max_user_namespaces",
  "user/max_net_namespaces",
  "user/max_mnt_namespaces",
  "kernel/unprivileged_userns_clone",
  "kernel/apparmor_restrict_unprivileged_userns",
] as const;

interface Cause {
  readonly step?: ProbeStep;
  readonly says: RegExp;
  readonly holds?: (facts: MachineFacts) => boolean;
  /** What it means and how to mend it. */
  readonly meaning: string;
}

const is = (name: (typeof sysctlNames)[number], value: string) => (facts: MachineFacts) =>
  facts.sysctls[name] === value;

/** From the words of the system to what a person can do. The first that fits is told. */
const causes: readonly Cause[] = [
  {
    says: /No space left on device/,
    meaning:
      "the system allows no more namespaces: raise user.max_user_namespaces, user.max_net_namespaces and user.max_mnt_namespaces with sysctl",
  },
  {
    says: /Operation not permitted|Permission denied/,
    holds: is("kernel/apparmor_restrict_unprivileged_userns", "1"),
    meaning:
      "AppArmor keeps user namespaces from programs without a profile (Ubuntu 23.10 and later): run `sudo meshdev`, give the launcher a profile with `userns,`, or `sysctl kernel.apparmor_restrict_unprivileged_userns=0`",
  },
  {
    says: /Operation not permitted|Permission denied/,
    holds: is("kernel/unprivileged_userns_clone", "0"),
    meaning:
      "user namespaces are for root only here: `sysctl kernel.unprivileged_userns_clone=1`, or run `sudo meshdev`",
  },
  {
    step: "namespaces",
    says: /Operation not permitted|Permission denied|Invalid argument|Function not implemented/,
    meaning:
      "namespaces are forbidden, as in most containers: run on the machine itself, or start the container with --privileged",
  },
  {
    step: "settings",
    says: /Read-only file system|Permission denied|Operation not permitted/,
    meaning:
      "/proc/sys cannot be written, as in most containers: run on the machine itself, or start the container with --privileged",
  },
  {
    step: "rules",
    says: /No such file or directory|Operation not supported|Could not process rule|syntax error/,
    meaning:
      "the kernel or nft lacks tproxy or reject: load the modules nft_tproxy and nft_reject_inet (`modprobe`); Linux 5.9 and nft 0.9.8 have both",
  },
  {
    step: "addresses",
    says: /Operation not supported|No such file or directory|Unknown device type/,
    meaning: "the kernel lacks policy routing (CONFIG_IP_MULTIPLE_TABLES)",
  },
  {
    step: "listener",
    says: /IP_TRANSPARENT/,
    meaning: "the system does not allow transparent listeners in a namespace of one's own",
  },
  {
    step: "lend",
    says: /pidfd/,
    meaning: "sockets cannot be lent: Linux 5.6 or later is needed, and no seccomp filter that refuses pidfd_getfd",
  },
  {
    step: "pod",
    says: /Unknown device type|Operation not supported/,
    meaning: "the kernel lacks veth: `modprobe veth`",
  },
  {
    step: "pod",
    says: /unrecognized option '--map-user/,
    meaning: "util-linux 2.36 or later is needed",
  },
];

/** What the fault of a step means here, and how to mend it; undefined when nothing known fits. */
export function explainFault(step: ProbeStep, reason: string, facts: MachineFacts): string | undefined {
  return causes.find(
    (cause) =>
      (cause.step === undefined || cause.step === step) && cause.says.test(reason) && (cause.holds?.(facts) ?? true),
  )?.meaning;
}

/** Asks this machine. */
export function readFacts(): MachineFacts {
  const sysctls: Record<string, string> = {};
  for (const name of sysctlNames) {
    try {
      sysctls[name] = readFileSync(`/proc/sys/${name}`, "utf8").trim();
    } catch {
      // This system has no such setting.
    }
  }
  return { isRoot: process.getuid?.() === 0, sysctls };
}

import { describe, expect, it } from "vitest";
import { explainFault, type MachineFacts } from "../../../../runtime/host/pods/causes.ts";
import type { ProbeStep } from "../../../../runtime/host/pods/probe.ts";

const plain: MachineFacts = { isRoot: false, sysctls: {} };
const ubuntu: MachineFacts = { isRoot: false, sysctls: { "kernel/apparmor_restrict_unprivileged_userns": "1" } };
const oldDebian: MachineFacts = { isRoot: false, sysctls: { "kernel/unprivileged_userns_clone": "0" } };

/** What a system says, and a word of what a person should do. */
const cases: readonly (readonly [string, ProbeStep, string, MachineFacts, RegExp | undefined])[] = [
  ["no namespace left", "namespaces", "unshare: unshare failed: No space left on device", plain, /max_user_namespaces/],
  [
    "no namespace left for a pod",
    "pod",
    "unshare: unshare failed: No space left on device",
    plain,
    /max_net_namespaces/,
  ],
  ["Ubuntu", "namespaces", "unshare: write failed /proc/self/uid_map: Operation not permitted", ubuntu, /AppArmor/],
  [
    "Debian 10",
    "namespaces",
    "unshare: unshare failed: Operation not permitted",
    oldDebian,
    /unprivileged_userns_clone/,
  ],
  ["a container", "namespaces", "unshare: unshare failed: Operation not permitted", plain, /--privileged/],
  ["a read-only /proc/sys", "settings", "/proc/sys/net/x: Read-only file system", plain, /--privileged/],
  ["no tproxy", "rules", "Error: Could not process rule: No such file or directory", plain, /nft_tproxy/],
  ["an old kernel", "lend", "pidfd_getfd: Function not implemented", plain, /5\.6/],
  ["an old util-linux", "pod", "it ended with code 1: unshare: unrecognized option '--map-user=1001'", plain, /2\.36/],
  ["something else", "pod", "it ended with SIGSEGV", plain, undefined],
];

describe("what a refused step means", () => {
  it.each(cases)("%s", (_name, step, reason, facts, words) => {
    const meaning = explainFault(step, reason, facts);
    if (words === undefined) expect(meaning).toBeUndefined();
    else expect(meaning).toMatch(words);
  });
});

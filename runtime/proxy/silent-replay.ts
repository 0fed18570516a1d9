import type { Upstream } from "./upstream.ts";

const maxSilentReplays = 3;
const idempotent: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"]);

/**
 * Whether a try that ended without a byte may be repeated unseen: another sidecar probably closed an idle connection at the
 * moment we used it. `outdated`: it would be opened otherwise today, so that one that has carried nothing yet may have been closed too. It can't be proven that nobody read the request, so only a method that may be repeated is (RFC 9110,
 * 9.2.2); others fail as with Envoy.
 */
export function mayReplaySilently(to: Upstream, method: string, replays: number, outdated: boolean): boolean {
  return (to.used > 0 || outdated) && to.leaf !== undefined && idempotent.has(method) && replays < maxSilentReplays;
}

import type { ProxyFacts } from "../../runtime/predict/trace.ts";
import { causeOfDecision } from "../../runtime/store/cause.ts";

/**
 * Whether the explanation of a recorded denial names the policy and rule that the recording names, with their place; `none`, a default
 * deny, must name an ALLOW policy that lacks something. Undefined: it does; otherwise what it says instead.
 */
export function unexplained(deniedBy: string, proxies: readonly ProxyFacts[]): string | undefined {
  const decision = proxies.findLast(({ decision: each }) => each?.verdict === "deny")?.decision;
  if (decision === undefined) return "no decision was told";
  const { what, at, text } = causeOfDecision(decision);
  const [, namespace, name, rule] = /ns\[(.*?)\]-policy\[(.*?)\]-rule\[(\d+)\]/.exec(deniedBy) ?? [];
  const wanted = deniedBy === "none" ? /^(?:ALLOW )?AuthorizationPolicy / : undefined;
  const isNamed = wanted?.test(what ?? "") ?? what?.endsWith(` AuthorizationPolicy ${namespace}/${name} rule ${rule}`);
  const blamed = decision.blame?.some(({ must }) => must === (deniedBy === "none" ? "match" : "not-match"));
  return isNamed === true && blamed === true && at !== null ? undefined : `${deniedBy}: ${what ?? "nothing"}; ${text}`;
}

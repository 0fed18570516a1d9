import type { Provenance } from "../model/resource.ts";
import type { WantedPolicy } from "./case.ts";

const pattern = /^(?:([A-Za-z]+) )?(?:([-a-z0-9]+)\/)?([-.a-z0-9]+)(?:(?: rule |#)(\d{1,5}))?$/;

/** `backend-allow`, `default/backend-allow`, `AuthorizationPolicy default/backend-allow rule 1`; undefined: none of these. */
export function parseWantedPolicy(text: string): WantedPolicy | "none" | undefined {
  if (text === "none") return "none";
  const found = pattern.exec(text.trim());
  if (found === null) return undefined;
  const [, kind, namespace, name = "", rule] = found;
  return { kind, namespace, name, rule: rule === undefined ? undefined : Number(rule) };
}

/** A policy that had a say: `rule` is null where it is not made of rules. */
export interface Decider extends Pick<Provenance, "resource" | "file" | "line" | "column"> {
  readonly rule: number | null;
}

export function isWanted(wanted: WantedPolicy, decider: Pick<Decider, "resource" | "rule">): boolean {
  const [kind = "", rest = ""] = decider.resource.split(" ");
  const [namespace = "", name = ""] = rest.split("/");
  return (
    (wanted.kind === undefined || wanted.kind === kind) &&
    (wanted.namespace === undefined || wanted.namespace === namespace) &&
    wanted.name === name &&
    (wanted.rule === undefined || wanted.rule === decider.rule)
  );
}

export function wantedText(wanted: WantedPolicy | "none"): string {
  if (wanted === "none") return "no policy";
  const { kind, namespace, name, rule } = wanted;
  return `${kind === undefined ? "" : `${kind} `}${namespace === undefined ? "" : `${namespace}/`}${name}${rule === undefined ? "" : ` rule ${rule}`}`;
}

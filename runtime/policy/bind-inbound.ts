import type { Clock } from "../core/clock.ts";
import type { Decision, RequestFacts } from "../model/decision.ts";
import type { PolicySet } from "../model/policy.ts";
import type { InboundListener, InboundSection } from "../model/snapshot.ts";
import { bindCustom, type NextCustomStep } from "./custom.ts";
import { bindHttpPolicies, bindPolicies } from "./decide.ts";

/** The way in of one sidecar, made callable. */
export interface BoundInbound {
  readonly section: InboundSection;
  /** The pass-through listener for ports that nobody declared. */
  readonly listener: (port: number) => InboundListener;
  readonly http: BoundPolicies;
  readonly tcp: BoundPolicies;
}

export interface BoundPolicies {
  readonly set: PolicySet;
  readonly decide: (facts: RequestFacts) => Decision;
  /** Whom to ask before that; undefined: nobody. */
  readonly custom: NextCustomStep | undefined;
}

/** `clock` judges tokens. */
export function bindInbound(section: InboundSection, clock: Pick<Clock, "now">): BoundInbound {
  const byPort = new Map(section.listeners.map((listener) => [listener.port, listener] as const));
  return {
    section,
    listener: (port) => byPort.get(port) ?? section.passthrough,
    http: { set: section.http, decide: bindHttpPolicies(section, clock), custom: bindCustom(section.http) },
    tcp: { set: section.tcp, decide: bindPolicies(section.tcp), custom: bindCustom(section.tcp) },
  };
}

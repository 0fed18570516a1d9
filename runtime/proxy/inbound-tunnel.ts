import type { RequestFacts } from "../model/decision.ts";
import type { Tracked } from "./context.ts";
import { type Said, stillAuthorized } from "./ext-authz/connection-gate.ts";
import { follow } from "./follow.ts";
import { isStillAccepted } from "./inbound-connection.ts";
import type { InboundConnection } from "./inbound-connection.ts";

export interface FollowedTunnel {
  /** Decides by the snapshot that is in force now: it may have come while the connection was being upgraded. */
  readonly recheck: () => void;
  readonly end: () => void;
}

/**
 * An upgraded connection obeys every snapshot that comes, as a TCP connection does: it is decided again, by the request that opened it, and
 * closed when it would not be allowed today.
 */
export function followTunnel(
  connection: InboundConnection,
  asked: RequestFacts,
  said: Said,
  close: () => void,
): FollowedTunnel {
  const { sidecar } = connection;
  const follower = follow(connection, {
    obey: (next) => {
      const { custom, decide } = next.inbound.http;
      const facts = isStillAccepted(connection, next) ? stillAuthorized(custom, asked, said) : undefined;
      if (facts === undefined || decide(facts).verdict === "deny") close();
    },
    drain: () => undefined,
    cut: close,
  });
  const held: Tracked = { recheck: follower.recheck, close };
  sidecar.tracked.add(held);
  return {
    recheck: () => {
      held.recheck(sidecar.binding());
    },
    end: () => {
      sidecar.tracked.delete(held);
      follower.end();
    },
  };
}

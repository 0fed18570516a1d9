import type { Socket } from "node:net";
import type { Decision, RequestFacts } from "../../model/decision.ts";
import type { ExtAuthzCall } from "../../model/ext-authz.ts";
import { customStart, type CustomStep, type NextCustomStep } from "../../policy/custom.ts";
import { type Authorized, judgeAnswer } from "../../traffic/ext-authz/authorized.ts";
import { grpcCheck } from "../../traffic/ext-authz/grpc-check.ts";
import type { Binding } from "../binding.ts";
import type { InboundConnection } from "../inbound-connection.ts";
import { callProvider } from "./call.ts";
import { checkedConnection } from "./connection.ts";

/** What providers said of a TCP connection; `refusal`: it has to go. */
export interface ConnectionVerdict {
  readonly calls: readonly ExtAuthzCall[];
  readonly refusal: Decision | undefined;
}

/** Asks every provider that the CUSTOM rules of a TCP connection name, one after the other. The returned function gives up. */
export function askAboutConnection(
  connection: InboundConnection,
  binding: Binding,
  next: NextCustomStep,
  facts: RequestFacts,
  done: (verdict: ConnectionVerdict) => void,
): () => void {
  const { sidecar } = connection;
  const { clock } = sidecar.shared;
  let authorized: Authorized = { seen: noRequest, responses: [], calls: [] };
  let cancel: (() => void) | undefined;

  function take(step: CustomStep | undefined): void {
    if (step?.kind === "ask") ask(step);
    else done({ calls: authorized.calls, refusal: step?.decision });
  }

  function ask({ provider, rule, by, next: cursor }: Extract<CustomStep, { readonly kind: "ask" }>): void {
    const startedAt = clock.monotonic();
    const check = grpcCheck(provider, binding.snapshot.workload.address, checkedConnection(connection), undefined);
    cancel = callProvider(sidecar, binding, provider, check, (answered) => {
      const asked = { provider, rule, ms: clock.monotonic() - startedAt, ...answered };
      const judged = judgeAnswer(authorized, asked);
      ({ authorized } = judged);
      if (judged.kind === "go-on") take(next(facts, cursor));
      else done({ calls: authorized.calls, refusal: { verdict: "deny", reason: judged.reason, by } });
    });
  }

  take(next(facts, customStart));
  return () => cancel?.();
}

const noRequest = { method: "", path: "", authority: "", scheme: "", headers: [], changed: new Set<string>() };

/** Whether providers have agreed already to all that this snapshot would have them asked. */
export function isStillAuthorized(
  next: NextCustomStep | undefined,
  facts: RequestFacts,
  calls: readonly ExtAuthzCall[],
): boolean {
  let step = next?.(facts, customStart);
  while (step?.kind === "ask") {
    const { provider, rule } = step;
    const agreed = calls.some(
      (call) =>
        call.provider === provider.name &&
        call.cluster === provider.cluster &&
        call.rule === rule &&
        (call.result === "allowed" || call.result === "failed-open"),
    );
    if (!agreed) return false;
    step = next?.(facts, step.next);
  }
  return step === undefined;
}

/**
 * Holds a caller's first bytes or its end, if bytes were not read `early`, until somebody has said yes to the connection; what the application says first passes meanwhile, as with
 * Envoy, where the connection to it is open already (spec AP-59). `open`: the caller's bytes may follow. The returned function ends the gate.
 */
export function gateFirstBytes(
  caller: Socket,
  app: Socket,
  early: Buffer,
  ask: () => void,
): { readonly open: () => number } {
  let backward = 0;
  const onAppData = (chunk: Buffer): void => {
    backward += chunk.length;
    if (!caller.write(chunk)) app.pause();
  };
  const onDrain = (): void => {
    app.resume();
  };
  const onFirst = (chunk: Buffer): void => {
    caller.off("end", ask);
    caller.pause();
    caller.unshift(chunk);
    ask();
  };
  app.on("data", onAppData);
  caller.on("drain", onDrain);
  // A socket that has nothing to read says its end even while it is paused.
  if (early.length > 0 || caller.readableEnded) {
    process.nextTick(ask);
  } else {
    caller.once("data", onFirst);
    caller.once("end", ask);
    caller.resume();
  }
  app.resume();
  return {
    open: () => {
      app.pause();
      app.off("data", onAppData);
      caller.off("drain", onDrain);
      return backward;
    },
  };
}

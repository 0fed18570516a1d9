import type { Socket } from "node:net";
import type { Decision, RequestFacts } from "../../model/decision.ts";
import { customStart, type CustomStep, type NextCustomStep } from "../../policy/custom.ts";
import { type Authorized, judgeAnswer, noRequest, unasked, withAnswers } from "../../traffic/ext-authz/authorized.ts";
import { grpcCheck } from "../../traffic/ext-authz/grpc-check.ts";
import type { Binding } from "../binding.ts";
import type { InboundConnection } from "../inbound-connection.ts";
import { callProvider } from "./call.ts";
import { checkedConnection } from "./connection.ts";

/** What providers said of a TCP connection; `refusal`: it has to go. */
export interface ConnectionVerdict {
  readonly said: Authorized;
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
  let authorized = unasked(noRequest);
  let cancel: (() => void) | undefined;

  function take(step: CustomStep | undefined): void {
    if (step?.kind === "ask") ask(step);
    else done({ said: authorized, refusal: step?.decision });
  }

  function ask({ provider, rule, by, next: cursor }: Extract<CustomStep, { readonly kind: "ask" }>): void {
    const startedAt = clock.monotonic();
    const check = grpcCheck(provider, binding.snapshot.workload.address, checkedConnection(connection), undefined);
    cancel = callProvider(sidecar, binding, provider, check, (answered) => {
      const asked = { provider, rule, next: cursor, ms: clock.monotonic() - startedAt, ...answered };
      const judged = judgeAnswer(authorized, asked);
      ({ authorized } = judged);
      if (judged.kind === "go-on") take(next(withAnswers(facts, authorized), cursor));
      else done({ said: authorized, refusal: { verdict: "deny", reason: judged.reason, by } });
    });
  }

  take(next(facts, customStart));
  return () => cancel?.();
}

/** What providers said when they were asked. */
export type Said = Pick<Authorized, "calls" | "notes">;

/**
 * The facts on which to decide, if providers have agreed already to all that this snapshot would have them asked, with what these
 * noted; undefined: they have not.
 */
export function stillAuthorized(
  next: NextCustomStep | undefined,
  facts: RequestFacts,
  { calls, notes }: Said,
): RequestFacts | undefined {
  const known: { notes: Authorized["notes"]; asked: Authorized["asked"] } = { notes: [], asked: undefined };
  let step = next?.(withAnswers(facts, known), customStart);
  while (step?.kind === "ask") {
    const { provider, rule } = step;
    const agreed = calls.some(
      (call) =>
        call.provider === provider.name &&
        call.cluster === provider.cluster &&
        call.rule === rule &&
        (call.result === "allowed" || call.result === "failed-open"),
    );
    if (!agreed) return undefined;
    known.notes = [...known.notes, ...notes.filter((answer) => answer.provider === provider.name)];
    known.asked = step.next;
    step = next?.(withAnswers(facts, known), step.next);
  }
  return step === undefined ? withAnswers(facts, known) : undefined;
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

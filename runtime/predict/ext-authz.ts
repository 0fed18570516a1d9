import type { Decision, RequestFacts } from "../model/decision.ts";
import type { ExtAuthzProvider } from "../model/ext-authz.ts";
import { customStart, type CustomStep, type NextCustomStep } from "../policy/custom.ts";
import { type Authorized, judgeAnswer } from "../traffic/ext-authz/authorized.ts";
import { checkError, type CheckResult, noQueryChange, noResponseChange } from "../traffic/ext-authz/check-result.ts";
import { type CheckedConnection, readGrpcAnswer } from "../traffic/ext-authz/grpc-check.ts";
import { readHttpAnswer, type HttpCheck } from "../traffic/ext-authz/http-check.ts";
import type { LocalReplyCause } from "../traffic/local-reply.ts";
import { headerNames } from "../wire/header-names.ts";
import { requestOfList } from "../wire/http2/request-head.ts";
import { offerFor } from "./client-tls.ts";
import { understood, valuesOf } from "./http-answer.ts";
import type { Connection } from "./inbound.ts";
import { chooseTarget } from "./leaving.ts";
import type { CertificateClaim, Payload } from "./payload.ts";
import { failureOf, sentAs } from "./upstream.ts";
import type { AuthorizerAnswer, Deliver } from "./world.ts";

/** What providers make of a request or connection. */
export interface Authorization {
  readonly authorized: Authorized;
  /** Undefined: it goes on. `cause`: absent when policy itself refuses. */
  readonly refusal: { readonly decision: Decision; readonly cause: LocalReplyCause | undefined } | undefined;
}

export interface Question {
  readonly next: NextCustomStep;
  readonly start: Authorized;
  readonly facts: (authorized: Authorized) => RequestFacts;
  /** What is sent to a provider; `too-large`: its body may not be cut. */
  readonly check: (provider: ExtAuthzProvider, authorized: Authorized) => HttpCheck | "too-large";
}

/** Asks every provider that matches, one after the other, as the sidecar would. A world that asks nobody takes them to agree, and notes it. */
export function authorize(connection: Connection, question: Question): Authorization {
  let authorized = question.start;
  let step: CustomStep | undefined = question.next(question.facts(authorized), customStart);
  while (step !== undefined) {
    if (step.kind === "refuse") return { authorized, refusal: { decision: step.decision, cause: undefined } };
    const { provider, rule, by, next }: Extract<CustomStep, { readonly kind: "ask" }> = step;
    const { askProviders, authorizers } = connection.world;
    const supposed = authorizers?.get(provider.name);
    if (askProviders !== undefined || supposed !== undefined) {
      const check = question.check(provider, authorized);
      if (check === "too-large") {
        const decision = { verdict: "deny", reason: "ext-authz-error", by } as const;
        return { authorized, refusal: { decision, cause: { kind: "payload-too-large" } } };
      }
      const judged = judgeAnswer(authorized, {
        provider,
        rule,
        next,
        ms: 0,
        ...(askProviders === undefined || supposed !== undefined
          ? supposedAnswer(supposed ?? "unreachable")
          : ask(connection, askProviders, provider, check)),
      });
      ({ authorized } = judged);
      if (judged.kind === "stop") {
        const { reason, cause } = judged;
        return { authorized, refusal: { decision: { verdict: "deny", reason, by }, cause } };
      }
    } else {
      (connection.trace.dependsOn ??= []).push(provider.name);
      authorized = { ...authorized, asked: next };
    }
    step = question.next(question.facts(authorized), next);
  }
  return { authorized, refusal: undefined };
}

interface Answered {
  readonly result: CheckResult;
  readonly endpoint: string | undefined;
  readonly status: number | undefined;
}

/** An answer that changes nothing about the request. */
function supposedAnswer(answer: AuthorizerAnswer): Answered {
  if (answer === "unreachable") return unreached("supposed to be unreachable");
  const result: CheckResult =
    answer === "deny"
      ? { kind: "denied", status: 403, headers: [], body: "" }
      : {
          kind: "allowed",
          request: { set: [], append: [], remove: [] },
          query: noQueryChange,
          response: noResponseChange,
          notes: undefined,
        };
  return { result, endpoint: undefined, status: answer === "deny" ? 403 : 200 };
}

function ask(connection: Connection, deliver: Deliver, provider: ExtAuthzProvider, check: HttpCheck): Answered {
  const { world, proxy, trace } = connection;
  const cluster = proxy.snapshot.outbound.clusters[provider.cluster];
  const leaving = { world, proxy, dialled: { address: "", port: 0 }, trace, note: () => undefined };
  const target = cluster === undefined ? undefined : chooseTarget(leaving, cluster, undefined);
  if (cluster === undefined || target === undefined || target.address === "") return unreached("no healthy upstream");
  const { method, path, authority, headers, body } = check;
  const list = [":method", method, ":scheme", "http", ":authority", authority, ":path", path, ...headers.flat()];
  const read = requestOfList(list, body.length === 0);
  if (read.kind === "error") return unreached("the question cannot be written as a request");
  const protocol = cluster.http === "http2" ? "HTTP/2" : "HTTP/1.1";
  const message = {
    head: read.head,
    protocol,
    body: Buffer.from(body),
    whole: true,
    broken: undefined,
    patienceMs: provider.timeoutMs,
  } as const;
  const request = sentAs(protocol, message, { target: path, authority, edit: { remove: headerNames([]), add: [] } });
  const offer = offerFor(world, proxy, cluster, target.endpoint, protocol, authority);
  const payload: Payload = offer === undefined ? request : { kind: "tls", offer, inner: request };
  const answer = deliver(world, proxy.workload.address, target, payload, trace);
  const endpoint = `${target.address}:${target.port}`;
  const failure = failureOf(answer, offer !== undefined);
  if (failure !== undefined) return { ...unreached(failure.reason), endpoint };
  const seen = answer.kind === "http" ? understood(answer, method) : undefined;
  if (seen === undefined) return { ...unreached("no answer"), endpoint };
  const { http } = provider;
  if (http !== undefined) return { result: readHttpAnswer(http, seen, 0), endpoint, status: seen.status };
  const grpcStatus = seen.trailers?.find(([name]) => name === "grpc-status")?.[1];
  const result = readGrpcAnswer({
    status: seen.status,
    contentType: valuesOf(seen.headers, "content-type")[0] ?? "",
    // Programs on paper write one character for each byte of such a body.
    body: Buffer.from(seen.body, "latin1"),
    grpcStatus: grpcStatus ?? valuesOf(seen.headers, "grpc-status")[0],
  });
  return { result, endpoint, status: grpcStatus === undefined ? seen.status : Number(grpcStatus) };
}

function unreached(reason: string): Answered {
  return { result: checkError(reason), endpoint: undefined, status: undefined };
}

/** A caller's connection in the words of a gRPC check. */
export function checkedConnection(
  { world, proxy, arrival, facts }: Connection,
  certificate: CertificateClaim | undefined,
): CheckedConnection {
  const own = certificate === undefined ? "" : (world.certificate(proxy.workload).uriSans[0] ?? "");
  return {
    source: {
      address: arrival.sourceIp,
      port: 0,
      principal: certificate?.uriSans[0] ?? "",
      certificate: certificate === undefined ? "" : "<pem>",
    },
    destination: { address: proxy.workload.address, port: arrival.port, principal: own, certificate: "" },
    sni: facts(certificate, undefined, "").sni ?? "",
  };
}

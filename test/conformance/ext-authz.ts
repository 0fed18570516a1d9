import type { Workload } from "../../runtime/model/mesh.ts";
import type { Answer, Payload } from "../../runtime/predict/payload.ts";
import { answerMessages } from "../../runtime/predict/program.ts";
import type { Hit, Trace } from "../../runtime/predict/trace.ts";
import type { Programs } from "../../runtime/predict/world.ts";
import { headerEntries } from "../../runtime/wire/http1/head.ts";
import { type CheckSeen, readCheck, structOf, writeCheckResponse } from "../support/ext-authz-proto.ts";
import type { Case } from "./case.ts";

/** The recordings' ext_authz server, a workload of its own wherever a policy says CUSTOM; see the conformance README. */

export const authorizer = { name: "ext-authz", namespace: "istio-system", http: 8000, grpc: 9000 } as const;

const told = "x-ext-authz-check-result";
const asked = "x-ext-authz";
const service = "ext-authz.istio-system.svc.cluster.local";
const refusal = "denied by ext_authz for not found header `x-ext-authz: allow` in the request";

/** The two providers that every recorded mesh has, behind its own. */
export function withProviders(mesh: Case["mesh"]): Case["mesh"] {
  const own = Array.isArray(mesh["extensionProviders"]) ? mesh["extensionProviders"] : [];
  return {
    ...mesh,
    extensionProviders: [
      ...own,
      {
        name: "ext-authz-http",
        envoyExtAuthzHttp: {
          service,
          port: authorizer.http,
          includeRequestHeadersInCheck: [asked, "x-case-id"],
          headersToDownstreamOnDeny: [told],
          headersToUpstreamOnAllow: [told],
        },
      },
      { name: "ext-authz-grpc", envoyExtAuthzGrpc: { service, port: authorizer.grpc } },
    ],
  };
}

/** The case with the server that its policies ask. */
export function withAuthorizer(spec: Case): Case {
  if (!/\baction: CUSTOM\b/.test(spec.config) || spec.workloads.some(({ kind }) => kind === "ext-authz")) return spec;
  const { name, namespace, http, grpc } = authorizer;
  return {
    ...spec,
    workloads: [...spec.workloads, { name, namespace, sidecar: false, kind: "ext-authz" }],
    services: [
      ...spec.services,
      {
        name,
        namespace,
        selector: { app: name },
        ports: [
          { name: "http", port: http },
          { name: "grpc", port: grpc },
        ],
      },
    ],
  };
}

export interface HttpVerdict {
  readonly status: number;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string;
}

export function judgeHttp(value: string | undefined): HttpVerdict {
  if (value === "allow") return { status: 200, headers: [[told, "allowed"]], body: "" };
  const type = ["content-type", "text/plain; charset=utf-8"] as const;
  return { status: 403, headers: [[told, "denied"], type], body: refusal };
}

/** The framed answer to a framed check, and the check as a recording tells it; undefined: nobody could tell whose it was. */
export function judgeGrpc(framed: Uint8Array): { readonly answer: Buffer; readonly hit: Hit | undefined } {
  const check = readCheck(framed);
  const value = check.attributes.request?.http?.headers?.[asked];
  // As the sample of Istio: who says nothing is known by its account.
  const allowed = value === "allow" || (value === undefined && check.attributes.source?.principal?.endsWith("/sa/a"));
  const header = { header: { key: told, value: allowed ? "allowed" : "denied" } };
  const risk = check.attributes.request?.http?.headers?.["x-risk"] ?? (value === undefined ? "low" : undefined);
  const notes = risk === undefined ? {} : { dynamicMetadata: structOf({ risk, listed: [risk] }) };
  const answer = allowed
    ? { status: { code: 0 }, okResponse: { headers: [header] }, ...notes }
    : { status: { code: 7 }, deniedResponse: { status: { code: 403 }, headers: [header], body: refusal } };
  return { answer: writeCheckResponse(answer), hit: hitOfCheck(check) };
}

function hitOfCheck(check: CheckSeen): Hit | undefined {
  const http = check.attributes.request?.http;
  if (http?.headers?.["x-case-id"] === undefined) return undefined;
  const { method, path, host, headers } = http;
  return {
    workload: authorizer.name,
    port: authorizer.grpc,
    kind: "ext-authz-grpc",
    ...(method === undefined ? {} : { method }),
    ...(path === undefined ? {} : { uri: path }),
    ...(host === undefined ? {} : { host }),
    headers: Object.entries(headers),
  };
}

/** The server on paper, beside the other programs of a case. */
export function withPaperAuthorizer(others: Programs): Programs {
  return (workload, port, payload, trace) =>
    workload.name === authorizer.name && workload.namespace === authorizer.namespace && payload.kind !== "tls"
      ? serve(workload, port, payload, trace)
      : others(workload, port, payload, trace);
}

function serve(workload: Workload, port: number, payload: Exclude<Payload, { kind: "tls" }>, trace: Trace): Answer {
  if (!workload.ports.some((known) => known.port === port)) return { kind: "refused" };
  const answer = answerMessages(payload, ({ head, body, protocol }) => {
    if (port === authorizer.grpc) {
      const verdict = judgeGrpc(body);
      if (verdict.hit !== undefined) trace.hits.push(verdict.hit);
      return {
        kind: "http",
        status: 200,
        headers: [["content-type", "application/grpc"]],
        body: verdict.answer.toString("latin1"),
        trailers: [["grpc-status", "0"]],
      };
    }
    const headers = headerEntries(head);
    const value = (name: string): string | undefined => headers.find((entry) => entry[0] === name)?.[1];
    if (value("x-case-id") !== undefined) {
      trace.hits.push({
        workload: authorizer.name,
        port,
        kind: "ext-authz-http",
        proto: protocol,
        method: head.method,
        uri: head.target,
        host: head.authority,
        headers,
        body: body.toString("utf8"),
      });
    }
    return { kind: "http", ...judgeHttp(value(asked)) };
  });
  return answer ?? { kind: "closed" };
}

import { createServer as createHttpServer } from "node:http";
import { createServer as createGrpcServer } from "node:http2";
import { once } from "node:events";
import { judgeHttp } from "../conformance/ext-authz.ts";
import { readCheck, structOf, writeCheckResponse } from "../support/ext-authz-proto.ts";
import { answerUnary } from "../support/grpc-unary.ts";

/** The provider of the random scenarios: what it is asked decides all that it says, so that the engine can be told the same without a socket. */

export const authorizerHost = "ext-authz.istio-system.svc.cluster.local";

export function authorizerSockets(folder: string): { readonly http: string; readonly grpc: string } {
  return { http: `${folder}/ah`, grpc: `${folder}/ag` };
}

const asked = "x-ext-authz";

/** What a caller may want noted, by the value of its header. */
const notes: Readonly<Record<string, object>> = {
  high: { dynamicMetadata: structOf({ risk: "high", tags: ["a", "b"] }) },
  low: { dynamicMetadata: structOf({ risk: "low" }) },
  listed: { dynamicMetadata: structOf({ risk: ["low", "high"], tags: "a" }) },
  odd: { dynamicMetadata: structOf({ risk: 7, tags: [["a"], 1, null], more: { risk: "high" } }) },
  flag: { dynamicMetadata: structOf({ risk: true, tags: [] }) },
  nothing: { dynamicMetadata: structOf({ risk: null }) },
  inside: { okResponse: { dynamicMetadata: structOf({ risk: "high" }) } },
  both: {
    okResponse: { dynamicMetadata: structOf({ risk: "low" }) },
    dynamicMetadata: structOf({ risk: "high", tags: ["a"] }),
  },
};
export const noteNames: readonly string[] = Object.keys(notes);

export interface GrpcVerdict {
  readonly answer: Buffer;
  readonly grpcStatus: string;
}

export function answerGrpc(framed: Uint8Array): GrpcVerdict {
  const { source, request } = readCheck(framed).attributes;
  const headers = request?.http?.headers;
  const value = headers === undefined ? connectionValue(source?.principal ?? "") : headers[asked];
  if (value === "error") return { answer: writeCheckResponse({ status: { code: 0 } }), grpcStatus: "14" };
  if (value !== "allow")
    return {
      answer: writeCheckResponse({ status: { code: 7 }, deniedResponse: { status: { code: 403 } }, ...notes["high"] }),
      grpcStatus: "0",
    };
  const note = notes[headers === undefined ? "high" : (headers["x-note"] ?? "")] ?? {};
  const role = headers?.["x-set-role"];
  const set = role === undefined ? [] : [{ header: { key: "x-role", value: role } }];
  const { okResponse, ...more } = note as { readonly okResponse?: object };
  const answer = writeCheckResponse({ status: { code: 0 }, okResponse: { headers: set, ...okResponse }, ...more });
  return { answer, grpcStatus: "0" };
}

/** Connections carry no header: their caller's name decides. */
function connectionValue(principal: string): string {
  return principal.includes("/ns/other/") ? "deny" : "allow";
}

export function answerHttp(header: (name: string) => string | undefined): ReturnType<typeof judgeHttp> {
  const value = header(asked);
  return value === "error" ? { status: 500, headers: [], body: "" } : judgeHttp(value);
}

/** The provider on real sockets. */
export async function startAuthorizer(folder: string): Promise<AsyncDisposable> {
  // An idle connection that ends by itself would look like an authorizer that fails.
  const http = createHttpServer({ keepAliveTimeout: 0 }, (request, response) => {
    const verdict = answerHttp((name) => {
      const value = request.headers[name];
      return value === undefined ? undefined : String(value);
    });
    request.resume();
    response.writeHead(verdict.status, Object.fromEntries(verdict.headers));
    response.end(verdict.body);
  });
  const grpc = createGrpcServer();
  grpc.on("stream", (stream) => {
    answerUnary(stream, answerGrpc);
  });
  const sockets = authorizerSockets(folder);
  http.listen(sockets.http);
  grpc.listen(sockets.grpc);
  await Promise.all([once(http, "listening"), once(grpc, "listening")]);
  return {
    [Symbol.asyncDispose]: async () => {
      http.closeAllConnections();
      // Envoy, which is gone by now, took its connections along.
      await Promise.all([http, grpc].map((server) => new Promise((done) => server.close(done))));
    },
  };
}

/** The two providers that every mesh of a case has, in the order in which they are asked. */
export const providers = [
  { name: "ext-authz-grpc", protocol: "grpc", settings: {} },
  {
    name: "ext-authz-http",
    protocol: "http",
    settings: {
      includeRequestHeadersInCheck: [asked, "x-case-id"],
      headersToDownstreamOnDeny: ["x-ext-authz-check-result"],
      headersToUpstreamOnAllow: ["x-ext-authz-check-result"],
    },
  },
] as const;

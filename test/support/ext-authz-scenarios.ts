import { createServer as createHttp2Server, type ServerHttp2Stream } from "node:http2";
import { connect, createServer, type Server, type Socket } from "node:net";
import { type CheckSeen, readCheck, writeCheckResponse } from "./ext-authz-proto.ts";

/** Providers as Istio's MeshConfig writes them, each for the paths below /<name>/. */
export const httpProviders: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  plain: { timeout: "2s" },
  lists: {
    includeRequestHeadersInCheck: ["x-a", "Cookie", "x-sent-*"],
    includeAdditionalHeadersInCheck: { "x-add": "v1", "x-a": "over" },
    headersToUpstreamOnAllow: ["x-up*", "x-a"],
    headersToDownstreamOnAllow: ["x-ok", "set-cookie"],
    headersToDownstreamOnDeny: ["x-down"],
  },
  prefix: { pathPrefix: "/check" },
  body: { includeRequestBodyInCheck: { maxRequestBytes: 10 } },
  partial: { includeRequestBodyInCheck: { maxRequestBytes: 10, allowPartialMessage: true } },
  open: { failOpen: true, timeout: "2s" },
  teapot: { statusOnError: "503", timeout: "2s" },
};

export const grpcProviders: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  grpc: { timeout: "2s" },
  gbody: { includeRequestBodyInCheck: { maxRequestBytes: 10, allowPartialMessage: true } },
  graw: { includeRequestBodyInCheck: { maxRequestBytes: 10, allowPartialMessage: true, packAsBytes: true } },
  gopen: { failOpen: true, timeout: "2s" },
};

/** What the authorizer does with a check: bytes to write, or, for `hang`, nothing at all, and for `close` the end of the connection. */
type HttpAnswer = string;
/** A CheckResponse, with the trailers that follow it; or what else becomes of the stream. */
type GrpcAnswer =
  | { readonly message: Readonly<Record<string, unknown>>; readonly trailers?: Readonly<Record<string, string>> }
  | { readonly head: Readonly<Record<string, string | number>> }
  | { readonly bytes: readonly number[] }
  | "hang"
  | "reset";

export interface Scenario {
  readonly name: string;
  readonly provider: string;
  readonly method?: string;
  readonly headers?: string;
  readonly body?: string;
  readonly http?: HttpAnswer;
  readonly grpc?: GrpcAnswer;
  /** What Envoy 1.40 makes of it: status, body, and whether the application was asked. */
  readonly expected: readonly [status: number, body: string, asked: boolean];
}

const ok = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
const allowed = [200, "ok", true] as const;
const failed = [403, "", false] as const;
const set = (key: string, value: string, more: object = {}): object => ({ header: { key, value }, ...more });

export const scenarios: readonly Scenario[] = [
  {
    name: "200 allows",
    provider: "plain",
    headers: "x-a: 1\r\nAuthorization: Basic x\r\n",
    http: ok,
    expected: allowed,
  },
  {
    name: "lists choose what goes where; what stands in x-envoy-auth-headers-to-remove goes",
    provider: "lists",
    headers: "x-a: 1\r\nx-a: 2\r\nx-sent-b: 3\r\nx-other: 4\r\ncookie: a=b\r\n",
    http: "HTTP/1.1 200 OK\r\ncontent-length: 0\r\nx-up1: a\r\nx-up1: b\r\nX-Down: d\r\nx-ok: 1\r\nx-ok: 2\r\nset-cookie: s=1\r\nx-envoy-auth-headers-to-remove: x-other, cookie\r\n\r\n",
    expected: allowed,
  },
  { name: "the path has a prefix", provider: "prefix", http: ok, expected: allowed },
  {
    name: "a refusal is passed on with its headers",
    provider: "plain",
    http: "HTTP/1.1 403 Forbidden\r\ncontent-length: 4\r\ncontent-type: text/html\r\nset-cookie: s=1\r\nset-cookie: s=2\r\nx-down: 1\r\nconnection: keep-alive\r\n\r\nnope",
    expected: [403, "nope", false],
  },
  {
    name: "a list leaves only what it names, and where to go",
    provider: "lists",
    http: "HTTP/1.1 302 Found\r\ncontent-length: 4\r\nlocation: /login\r\nx-down: 1\r\nx-other: 2\r\nwww-authenticate: x\r\ncontent-type: text/html\r\n\r\nnope",
    expected: [302, "nope", false],
  },
  {
    name: "a refusal in chunks",
    provider: "plain",
    http: "HTTP/1.1 401 Unauthorized\r\ntransfer-encoding: chunked\r\nwww-authenticate: Basic\r\n\r\n4\r\nnope\r\n0\r\n\r\n",
    expected: [401, "nope", false],
  },
  {
    name: "201 is no permission",
    provider: "plain",
    http: "HTTP/1.1 201 Created\r\ncontent-length: 0\r\nx-down: 1\r\n\r\n",
    expected: [201, "", false],
  },
  {
    name: "500 is an error",
    provider: "plain",
    http: "HTTP/1.1 500 X\r\ncontent-length: 1\r\n\r\nx",
    expected: failed,
  },
  {
    name: "statusOnError",
    provider: "teapot",
    http: "HTTP/1.1 500 X\r\ncontent-length: 1\r\n\r\nx",
    expected: [503, "", false],
  },
  { name: "failOpen", provider: "open", http: "HTTP/1.1 503 X\r\ncontent-length: 1\r\n\r\nx", expected: allowed },
  {
    name: "failOpen opens nothing that was refused",
    provider: "open",
    http: "HTTP/1.1 403 X\r\ncontent-length: 1\r\n\r\nx",
    expected: [403, "x", false],
  },
  { name: "garbage", provider: "plain", http: "garbage garbage\r\n\r\n", expected: failed },
  { name: "garbage with failOpen", provider: "open", http: "garbage garbage\r\n\r\n", expected: allowed },
  { name: "a closed connection", provider: "plain", http: "close", expected: failed },
  { name: "no answer", provider: "plain", http: "hang", expected: failed },
  { name: "no answer with failOpen", provider: "open", http: "hang", expected: allowed },
  {
    name: "an answer that never ends",
    provider: "plain",
    http: "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc",
    expected: failed,
  },
  {
    name: "100 before 200",
    provider: "plain",
    http: `HTTP/1.1 100 Continue\r\n\r\n${ok}`,
    expected: allowed,
  },
  {
    name: "a body that nobody asked for",
    provider: "plain",
    method: "POST",
    body: "hello",
    http: ok,
    expected: allowed,
  },
  { name: "a body in the check", provider: "body", method: "POST", body: "hello", http: ok, expected: allowed },
  {
    name: "as long a body as may be",
    provider: "body",
    method: "POST",
    body: "0123456789",
    http: ok,
    expected: allowed,
  },
  {
    name: "a body too long",
    provider: "body",
    method: "POST",
    body: "hello world",
    http: ok,
    expected: [413, "Payload Too Large", false],
  },
  { name: "an empty body", provider: "body", method: "POST", body: "", http: ok, expected: allowed },
  {
    name: "a part of a body",
    provider: "partial",
    method: "POST",
    body: "hello world this",
    http: ok,
    expected: allowed,
  },
  { name: "all of a short body", provider: "partial", method: "POST", body: "hello", http: ok, expected: allowed },
  {
    name: "gRPC: status 0 allows",
    provider: "grpc",
    headers: "x-a: 1\r\nx-a: 2\r\n",
    grpc: { message: {} },
    expected: allowed,
  },
  {
    name: "gRPC: headers of the request and of the answer",
    provider: "grpc",
    headers: "x-a: 1\r\nx-b: 1\r\nx-del: 1\r\ncookie: a=b\r\n",
    grpc: {
      message: {
        status: { code: 0 },
        okResponse: {
          headers: [
            set("x-a", "over"),
            set("X-Add", "1"),
            set("x-b", "app", { append: { value: true } }),
            set("x-new", "n", { append: { value: true } }),
            set("x-act", "1", { appendAction: 0 }),
            set("x-act", "2", { appendAction: 0 }),
            set("x-abs", "1", { appendAction: 1 }),
            set("cookie", "z=1", { append: { value: true } }),
          ],
          headersToRemove: ["x-del", "host", ":method"],
          responseHeadersToAdd: [
            set("x-down", "1"),
            set("x-down", "2"),
            set("x-app", "over", { append: { value: false } }),
            set("x-app", "no", { appendAction: 1 }),
            set("x-else", "1", { appendAction: 1 }),
          ],
          queryParametersToSet: [
            { key: "q", value: "1" },
            { key: "b", value: "2" },
          ],
        },
      },
    },
    expected: allowed,
  },
  {
    name: "gRPC: a refusal",
    provider: "grpc",
    grpc: {
      message: {
        status: { code: 7 },
        deniedResponse: {
          status: { code: 401 },
          headers: [
            set("x-d", "1"),
            set("x-d", "2"),
            set("x-e", "1", { append: { value: true } }),
            set("content-type", "text/html"),
          ],
          body: "nope",
        },
      },
    },
    expected: [401, "nope", false],
  },
  { name: "gRPC: a bare refusal", provider: "grpc", grpc: { message: { status: { code: 7 } } }, expected: failed },
  {
    name: "gRPC: status 0 allows whatever else is said",
    provider: "grpc",
    grpc: { message: { status: { code: 0 }, deniedResponse: { status: { code: 401 } } } },
    expected: allowed,
  },
  {
    name: "gRPC: an error response",
    provider: "grpc",
    grpc: {
      message: {
        status: { code: 7 },
        errorResponse: { status: { code: 429 }, body: "err", headers: [set("x-e", "1")] },
      },
    },
    expected: [429, "err", false],
  },
  {
    name: "gRPC: an error response with failOpen",
    provider: "gopen",
    grpc: { message: { status: { code: 7 }, errorResponse: { status: { code: 429 } } } },
    expected: allowed,
  },
  {
    name: "gRPC: status 13",
    provider: "grpc",
    grpc: { message: {}, trailers: { "grpc-status": "13" } },
    expected: failed,
  },
  {
    name: "gRPC: only a head",
    provider: "grpc",
    grpc: { head: { ":status": 200, "content-type": "application/grpc", "grpc-status": "12" } },
    expected: failed,
  },
  { name: "gRPC: HTTP 503", provider: "grpc", grpc: { head: { ":status": 503 } }, expected: failed },
  {
    name: "gRPC: no gRPC at all",
    provider: "grpc",
    grpc: { head: { ":status": 200, "content-type": "text/plain" } },
    expected: failed,
  },
  { name: "gRPC: garbage", provider: "grpc", grpc: { bytes: [0, 0, 0, 0, 3, 0xff, 0xff, 0xff] }, expected: failed },
  { name: "gRPC: half a message", provider: "grpc", grpc: { bytes: [0, 0, 0, 0, 9, 1] }, expected: failed },
  { name: "gRPC: no message", provider: "grpc", grpc: { bytes: [] }, expected: failed },
  { name: "gRPC: a reset", provider: "grpc", grpc: "reset", expected: failed },
  { name: "gRPC: a reset with failOpen", provider: "gopen", grpc: "reset", expected: allowed },
  { name: "gRPC: no answer", provider: "grpc", grpc: "hang", expected: failed },
  {
    name: "gRPC: a part of a body",
    provider: "gbody",
    method: "POST",
    body: "hello world this",
    grpc: { message: {} },
    expected: allowed,
  },
  {
    name: "gRPC: raw bytes",
    provider: "graw",
    method: "POST",
    body: "hello world this",
    grpc: { message: {} },
    expected: allowed,
  },
];

/** An authorizer that does what the scenario of the moment wants, and keeps what it was asked. */
export interface ScriptedAuthorizer extends AsyncDisposable {
  script: Pick<Scenario, "http" | "grpc">;
  /** Of HTTP: the bytes of a check. */
  readonly checks: string[];
  readonly grpcChecks: { readonly headers: Readonly<Record<string, unknown>>; readonly check: CheckSeen }[];
  readonly http: Server;
  readonly grpc: Server;
  /** Connections that are open. */
  readonly open: () => readonly Socket[];
}

export function createScriptedAuthorizer(): ScriptedAuthorizer {
  const sockets = new Set<Socket>();
  const checks: string[] = [];
  const http = createServer((socket) => {
    let text = "";
    socket.on("error", () => undefined);
    socket.on("data", (chunk: Buffer) => {
      text += chunk.toString("latin1");
      const end = text.indexOf("\r\n\r\n");
      const size = Number(/content-length: (\d+)/i.exec(text)?.[1] ?? 0);
      if (end < 0 || text.length < end + 4 + size) return;
      checks.push(text);
      text = "";
      const { http: answer = "hang" } = authorizer.script;
      if (answer === "close") socket.destroy();
      else if (answer !== "hang") socket.write(answer, "latin1");
    });
  });
  const grpcChecks: ScriptedAuthorizer["grpcChecks"] = [];
  const grpc = createHttp2Server().on("stream", (stream, headers) => {
    const parts: Buffer[] = [];
    stream.on("error", () => undefined);
    stream.on("data", (chunk: Buffer) => parts.push(chunk));
    stream.on("end", () => {
      grpcChecks.push({ headers: { ...headers }, check: readCheck(Buffer.concat(parts)) });
      answerGrpc(stream, authorizer.script.grpc ?? "hang");
    });
  });
  for (const server of [http, grpc]) {
    server.on("connection", (socket: Socket) => {
      sockets.add(socket);
      socket.on("error", () => undefined);
      socket.on("close", () => sockets.delete(socket));
    });
  }
  const authorizer: ScriptedAuthorizer = {
    script: {},
    checks,
    grpcChecks,
    http,
    grpc,
    open: () => [...sockets],
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await Promise.all([http, grpc].map((server) => new Promise((done) => server.close(done))));
    },
  };
  return authorizer;
}

function answerGrpc(stream: ServerHttp2Stream, answer: GrpcAnswer): void {
  if (answer === "hang") return;
  if (answer === "reset") stream.close(2);
  else if ("head" in answer) {
    stream.respond({ ...answer.head });
    stream.end();
  } else {
    const trailers = "message" in answer ? (answer.trailers ?? { "grpc-status": "0" }) : { "grpc-status": "0" };
    stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
    stream.on("wantTrailers", () => stream.sendTrailers({ ...trailers }));
    stream.end("message" in answer ? writeCheckResponse(answer.message) : Buffer.from(answer.bytes));
  }
}

/** The request of a scenario, as bytes. */
export function requestOf({ provider, method = "GET", headers = "", body }: Scenario): string {
  const length = body === undefined ? "" : `content-length: ${body.length}\r\n`;
  return `${method} /${provider}/x?b=1 HTTP/1.1\r\nhost: backend:8080\r\n${headers}${length}\r\n${body ?? ""}`;
}

/** Sends bytes and reads one answer; the connection is new. */
export function talk(to: { readonly host: string; readonly port: number }, bytes: string): Promise<string> {
  return new Promise((done, fail) => {
    let text = "";
    const socket = connect(to, () => socket.write(bytes, "latin1"));
    const finish = (): void => {
      socket.destroy();
      done(text);
    };
    socket.on("error", fail);
    socket.on("end", finish);
    socket.on("data", (chunk: Buffer) => {
      text += chunk.toString("latin1");
      const end = text.indexOf("\r\n\r\n");
      const size = /\r\ncontent-length: (\d+)\r\n/i.exec(text.slice(0, end + 4))?.[1];
      if (end >= 0 && text.length >= end + 4 + Number(size ?? 0)) finish();
    });
  });
}

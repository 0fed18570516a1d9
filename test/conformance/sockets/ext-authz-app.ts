import { createServer } from "node:http";
import { performServerHandshake } from "node:http2";
import type { Duplex } from "node:stream";
import type { Hit } from "../../../runtime/predict/trace.ts";
import { answerUnary } from "../../support/grpc-unary.ts";
import { authorizer, judgeGrpc, judgeHttp } from "../ext-authz.ts";

/** The recordings' ext_authz server on real sockets, with Node's own libraries. `note`: a check that came. */
export function createExtAuthzApp(note: (hit: Hit) => void): (socket: Duplex, port: number) => void {
  const server = createServer({ keepAliveTimeout: 0 }, (request, response) => {
    const headers = Object.entries(request.headers).map(([name, value]) => [name, String(value)] as const);
    const sent = (name: string): string | undefined => headers.find((entry) => entry[0] === name)?.[1];
    if (sent("x-case-id") !== undefined) {
      note({
        workload: authorizer.name,
        port: authorizer.http,
        kind: "ext-authz-http",
        proto: `HTTP/${request.httpVersion}`,
        method: request.method ?? "",
        uri: request.url ?? "",
        host: sent("host") ?? "",
        headers: headers.filter(([name]) => name !== "host"),
        body: "",
      });
    }
    request.resume();
    const verdict = judgeHttp(sent("x-ext-authz"));
    response.writeHead(verdict.status, Object.fromEntries(verdict.headers));
    response.end(verdict.body);
  });
  return (socket, port) => {
    if (port === authorizer.http) {
      server.emit("connection", socket);
      return;
    }
    const session = performServerHandshake(socket);
    session.on("error", () => socket.destroy());
    session.on("stream", (stream) => {
      answerUnary(stream, (message) => {
        const { answer, hit } = judgeGrpc(message);
        if (hit !== undefined) note(hit);
        return { answer, grpcStatus: "0" };
      });
    });
  };
}

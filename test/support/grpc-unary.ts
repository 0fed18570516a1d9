import type { ServerHttp2Stream } from "node:http2";

/** Answers one gRPC call that sends a message and gets one, both with their five bytes in front. */
export function answerUnary(
  stream: ServerHttp2Stream,
  judge: (message: Buffer) => { readonly answer: Uint8Array; readonly grpcStatus: string },
): void {
  const parts: Buffer[] = [];
  stream.on("error", () => stream.destroy());
  stream.on("data", (chunk: Buffer) => parts.push(chunk));
  stream.on("end", () => {
    const { answer, grpcStatus } = judge(Buffer.concat(parts));
    stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
    stream.on("wantTrailers", () => {
      stream.sendTrailers({ "grpc-status": grpcStatus });
    });
    stream.end(answer);
  });
}

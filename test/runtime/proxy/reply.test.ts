import { describe, expect, it } from "vitest";
import { encodeReply } from "../../../runtime/proxy/reply.ts";
import { localReply } from "../../../runtime/traffic/local-reply.ts";
import { replyHead } from "../../../runtime/traffic/reply-head.ts";

const context = {
  options: { server: "istio-envoy", debugHeaders: true },
  date: "D",
  grpc: false,
  head: false,
} as const;

/** Byte for byte as recorded: traffic/headers raw-inbound. */
describe("replies of the proxy itself", () => {
  it("with a body: length and type first, close behind server, the decorator last (chunk-bad)", () => {
    const reply = localReply({ kind: "codec-error", details: "http1.codec_error" });
    expect(encodeReply(replyHead(reply, { ...context, decorator: "b:8080/*" }), true).toString()).toBe(
      "HTTP/1.1 400 Bad Request\r\ncontent-length: 11\r\ncontent-type: text/plain\r\ndate: D\r\nserver: istio-envoy\r\nconnection: close\r\nx-envoy-decorator-operation: b:8080/*\r\n\r\nBad Request",
    );
  });

  it("without a body: its length is said last (connect, nul-path)", () => {
    expect(encodeReply(replyHead(localReply({ kind: "route-not-found" }), context), true).toString()).toBe(
      "HTTP/1.1 404 Not Found\r\ndate: D\r\nserver: istio-envoy\r\nconnection: close\r\ncontent-length: 0\r\n\r\n",
    );
    expect(encodeReply(replyHead(localReply({ kind: "path-normalization-failed" }), context), false).toString()).toBe(
      "HTTP/1.1 400 Bad Request\r\ndate: D\r\nserver: istio-envoy\r\ncontent-length: 0\r\n\r\n",
    );
  });

  it("says close without a server header too", () => {
    const options = { server: undefined, debugHeaders: true };
    const reply = replyHead(localReply({ kind: "route-not-found" }), { ...context, options });
    expect(encodeReply(reply, true).toString()).toBe(
      "HTTP/1.1 404 Not Found\r\ndate: D\r\nconnection: close\r\ncontent-length: 0\r\n\r\n",
    );
  });
});

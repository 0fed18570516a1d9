import { describe, expect, it } from "vitest";
import { http2Preface, sniffHttp } from "../../../runtime/wire/sniff.ts";

/** Recorded: traffic/tcp-tls-routing sniff-auto, sniff-http, sniff-auto-inbound; traffic/headers raw-outbound. */
describe("sniffing HTTP", () => {
  it.each([
    ["hello", "need-more"],
    ["hello\n", "other"],
    ["hello\r\n", "other"],
    ["hello\r", "need-more"],
    ["hello world", "need-more"],
    ["PING", "need-more"],
    ["PING\r\n", "other"],
    ["GET ", "need-more"],
    ["GET / HT", "need-more"],
    ["GET /\r\n", "http/1.0"],
    ["GET / HTTP/1.0\r\nhost: backend\r\n\r\n", "http/1.0"],
    ["GET / HTTP/1.1\r\nhost: backend\r\n\r\n", "http/1.1"],
    ["GET / HTTP/1.2\r\nhost: backend\r\n\r\n", "http/1.0"],
    ["\0\0\0\u0001", "other"],
    ["\u0001\u0002\u0003", "other"],
    ["\u0001\u0002\n", "other"],
    [" GET / HTTP/1.1\r\n\r\n", "other"],
    ["\r\nGET / HTTP/1.1\r\nhost: backend\r\n\r\n", "other"],
    ["SSH-2.0-client\r\n", "other"],
    ["EHLO x\r\n", "other"],
    ["*1\r\n$4\r\nPING\r\n", "other"],
    ["PRI * HT", "need-more"],
    ["PRI * HTTP/2.0\r\n", "need-more"],
    ["PRI * HTTP/2.0\r\n\r\nXX", "http/1.0"],
    ["12345", "need-more"],
    ["\u0016\u0003\u0001", "other"],
    ["\u00e9t\u00e9", "other"],
    [`{"a"`, "other"],
    ["", "need-more"],
    ["get / HTTP/1.1\r\n", "http/1.1"],
    ["FOO / HTTP/1.1\r\n", "http/1.1"],
    ["G@T /x HTTP/1.1\r\n", "other"],
    ["GET/x HTTP/1.1\r\n", "other"],
    ["GET  /x  HTTP/1.1\r\n", "http/1.1"],
    ["GET\t/x HTTP/1.1\n", "http/1.1"],
    ["GET HTTP/1.1\r\n", "other"],
    ["GET x HTTP/1.1\r\n", "other"],
    ["GET /\u00e9 HTTP/1.1\r\n", "other"],
    ["GET http://h/x HTTP/1.1\r\n", "http/1.1"],
    ["GET http://h h/x HTTP/1.1\r\n", "other"],
    ["OPTIONS * HTTP/1.1\r\n", "http/1.1"],
    ["CONNECT a:1 HTTP/1.1\r\n", "http/1.1"],
    ["GET a:1 HTTP/1.1\r\n", "other"],
    ["GET / HTTP/11\r\n", "other"],
    ["GET / http/1.1\r\n", "other"],
  ])("%j is %s", (text, expected) => {
    expect(sniffHttp(Buffer.from(text, "latin1"))).toBe(expected);
  });

  it("knows the HTTP/2 preface only as a whole", () => {
    expect(sniffHttp(http2Preface)).toBe("h2c");
    expect(sniffHttp(Buffer.concat([http2Preface, Buffer.from([0, 0, 0])]))).toBe("h2c");
    for (let length = 0; length < http2Preface.length; length += 1) {
      expect(sniffHttp(http2Preface.subarray(0, length))).toBe("need-more");
    }
  });

  it("gives up on a line beyond 64 KiB", () => {
    expect(sniffHttp(Buffer.from("x".repeat(60_000)))).toBe("need-more");
    expect(sniffHttp(Buffer.from("x".repeat(70_000)))).toBe("too-long");
    expect(sniffHttp(Buffer.from(`GET /${"x".repeat(70_000)} HTTP/1.1\r\n\r\n`))).toBe("too-long");
    expect(sniffHttp(Buffer.from(`GET /${"x".repeat(50_000)} HTTP/1.1\r\n\r\n`))).toBe("http/1.1");
  });
});

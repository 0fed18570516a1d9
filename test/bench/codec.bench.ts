import { headerEntries, headerValue, parseRequestHead } from "../../runtime/wire/http1/head.ts";
import { parseResponseHead } from "../../runtime/wire/http1/response-head.ts";
import { encodeHeaderLines, writeRequestHead, writeResponseHead } from "../../runtime/wire/http1/write.ts";
import type { HeaderEdit } from "../../runtime/model/header-edit.ts";
import { headerNames } from "../../runtime/wire/header-names.ts";

/** Prints nanoseconds per operation: `node test/bench/codec.bench.ts`. */

const request = Buffer.from(
  [
    "GET /api/orders/4711?limit=20&sort=created HTTP/1.1",
    "Host: orders.default.svc.cluster.local:8080",
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36",
    "Accept: application/json, text/plain, */*",
    "Accept-Language: en-US,en;q=0.9,de;q=0.8",
    "Accept-Encoding: gzip, deflate, br",
    "Authorization: Bearer eyJhbGciOiJSUzI1NiIsImtpZCI6Im1haW4ifQ.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJl",
    "Cookie: session=0123456789abcdef0123456789abcdef; theme=dark",
    "Referer: http://shop.example/orders",
    "X-Request-Id: 11111111-2222-4333-8444-555555555555",
    "Traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    "Cache-Control: no-cache",
    "Connection: keep-alive",
    "",
    "",
  ].join("\r\n"),
);

const response = Buffer.from(
  "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 110\r\nDate: Mon, 23 Nov 2026 23:30:28 GMT\r\n" +
    'Cache-Control: private\r\nETag: W/"1234"\r\nServer: node\r\nVary: Accept-Encoding\r\nConnection: keep-alive\r\n\r\n',
);

const edit: HeaderEdit = {
  remove: headerNames(["x-envoy-attempt-count", "x-forwarded-client-cert", "x-envoy-decorator-operation"]),
  add: [["x-envoy-attempt-count", "1"]],
};
const prepared = encodeHeaderLines([["x-forwarded-proto", "http"]]);

function measure(name: string, operation: () => unknown): void {
  for (let i = 0; i < 50_000; i += 1) operation();
  const rounds: number[] = [];
  const count = 100_000;
  for (let round = 0; round < 7; round += 1) {
    const start = process.hrtime.bigint();
    for (let i = 0; i < count; i += 1) operation();
    rounds.push(Number(process.hrtime.bigint() - start) / count);
  }
  const median = rounds.toSorted((a, b) => a - b)[3] ?? Number.NaN;
  process.stdout.write(`${name.padEnd(44)} ${median.toFixed(0).padStart(7)} ns\n`);
}

const parsed = parseRequestHead(request, 0);
const answered = parseResponseHead(response, 0, "GET");
if (parsed.kind !== "head" || answered.kind !== "head") throw new Error("the samples do not parse");

process.stdout.write(
  `request head ${request.length} bytes, response head ${response.length} bytes, node ${process.version}\n`,
);
measure("parse request head, 12 headers", () => parseRequestHead(request, 0));
measure("write request head", () => writeRequestHead(parsed.head, { edit, prepared }));
measure("parse + rewrite request head", () => {
  const result = parseRequestHead(request, 0);
  return result.kind === "head" ? writeRequestHead(result.head, { edit, prepared }) : undefined;
});
measure("parse + rewrite response head", () => {
  const result = parseResponseHead(response, 0, "GET");
  return result.kind === "head" ? writeResponseHead(result.head, { edit }) : undefined;
});
measure("one header by name", () => headerValue(parsed.head, "x-request-id"));
measure("all headers as strings", () => headerEntries(parsed.head));

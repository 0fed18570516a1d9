/** An answer of a broken or hostile application, and what the caller is left with. */
export interface AnswerTrick {
  readonly name: string;
  readonly method: "GET" | "HEAD";
  readonly answer: string;
  /** Bytes that the application sends later, when nobody asked for anything. */
  readonly later?: string;
  /** Whether the application then ends its connection. */
  readonly ends?: true;
  /** Status and body that the caller receives; `cut` where the answer breaks off. */
  readonly caller: readonly [status: number, body: string] | "cut";
}

const evil = "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil";
const TE = "transfer-encoding: chunked\r\n";
const protocolError = "upstream connect error or disconnect/reset before headers. reset reason: protocol error";
const broken: readonly [number, string] = [502, protocolError];

const ok = (headers: string, body = ""): string => `HTTP/1.1 200 OK\r\n${headers}\r\n${body}`;
const answer = (
  name: string,
  text: string,
  caller: AnswerTrick["caller"],
  more: Partial<AnswerTrick> = {},
): AnswerTrick => ({
  name,
  method: "GET",
  answer: text,
  caller,
  ...more,
});

export const answers: readonly AnswerTrick[] = [
  answer("a second answer behind the first", ok("content-length: 2\r\n", "ok") + evil, [200, "ok"]),
  answer("a second answer behind the last chunk", ok(TE, "2\r\nok\r\n0\r\n\r\n") + evil, [200, "ok"]),
  answer("an answer nobody asked for, later", ok("content-length: 2\r\n", "ok"), [200, "ok"], { later: evil }),
  answer("half an answer nobody asked for, later", ok("content-length: 2\r\n", "ok"), [200, "ok"], {
    later: evil.slice(0, 20),
  }),
  answer("a body longer than its length", ok("content-length: 2\r\n", "ok, and more"), [200, "ok"]),
  answer("HEAD with a body", ok("content-length: 4\r\n", "evil"), [200, ""], { method: "HEAD" }),
  answer("HEAD with chunks", ok(TE, "4\r\nevil\r\n0\r\n\r\n"), [200, ""], { method: "HEAD" }),
  answer("204 with a body", `HTTP/1.1 204 No Content\r\n\r\n${evil}`, [204, ""]),
  answer("204 with a length", "HTTP/1.1 204 No Content\r\ncontent-length: 4\r\n\r\nevil", broken),
  answer("304 with a body", `HTTP/1.1 304 Not Modified\r\ncontent-length: 4\r\n\r\nevil`, [304, ""]),
  answer("both framings", ok(`content-length: 4\r\n${TE}`, "0\r\n\r\nevil"), broken),
  answer("two lengths", ok("content-length: 2\r\ncontent-length: 6\r\n", "okevil"), broken),
  answer("a length that is none", ok("content-length: 2x\r\n", "ok"), broken),
  answer("gzip, chunked", ok("transfer-encoding: gzip, chunked\r\n", "0\r\n\r\n"), broken),
  answer("a blank before the colon", ok("content-length : 2\r\n", "ok"), broken),
  answer("NUL in a value", ok("content-length: 2\r\nx: a\0b\r\n", "ok"), broken),
  answer("a bare CR in a value", ok("content-length: 2\r\nx: a\rset-cookie: evil\r\n", "ok"), broken),
  answer("a bad chunk", ok(TE, "2\r\nok\r\nzz\r\n"), "cut"),
  answer("a folded line and bare LF", "HTTP/1.1 200 OK\nx: 1\r\n content-length: 9\ncontent-length: 2\n\nok", [
    200,
    "ok",
  ]),
  answer(
    "many interim answers",
    `${"HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n".repeat(5)}${ok("content-length: 2\r\n", "ok")}`,
    [200, "ok"],
  ),
  answer("an interim answer with a length", `HTTP/1.1 103 Early Hints\r\ncontent-length: 4\r\n\r\nevil${evil}`, broken),
  answer(
    "101 that nobody asked for",
    `HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n${evil}`,
    broken,
  ),
  answer("another protocol", "SSH-2.0-x\r\n", broken),
  answer("HTTP/2.0", "HTTP/2.0 200 OK\r\ncontent-length: 2\r\n\r\nok", broken),
  answer("until the end, cut before it", ok("", "ok"), [200, "ok"], { ends: true }),
  answer("shorter than its length", ok("content-length: 9\r\n", "ok"), "cut", { ends: true }),
];

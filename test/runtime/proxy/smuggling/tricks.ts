/** A way to get a request past a proxy, and what came of it. */
export interface Trick {
  readonly name: string;
  /** Written to the sidecar of the caller, piece by piece. */
  readonly send: readonly string[];
  /** `METHOD target body` of each request that the application receives. */
  readonly app: readonly string[];
  /** Statuses that the caller receives. */
  readonly caller: readonly number[];
}

const host = "Host: backend:8080\r\n";
/** Refused by policy wherever it is read as a request. */
const admin = "GET /admin HTTP/1.1\r\nHost: backend:8080\r\n\r\n";
const chunkedAdmin = `${admin.length.toString(16)}\r\n${admin}\r\n0\r\n\r\n`;

const trick = (
  name: string,
  send: string | readonly string[],
  app: readonly string[],
  ...caller: readonly number[]
): Trick => ({
  name,
  send: typeof send === "string" ? [send] : send,
  app,
  caller,
});

const post = (headers: string, body = ""): string => `POST /public HTTP/1.1\r\n${host}${headers}\r\n${body}`;
const get = (headers: string, body = ""): string => `GET /public HTTP/1.1\r\n${host}${headers}\r\n${body}`;
const line = (start: string, body = ""): string => `${start}\r\n${host}\r\n${body}`;
const length = (text: string): string => `Content-Length: ${text.length}\r\n`;

const TE = "Transfer-Encoding: chunked\r\n";
/** The body of CL.TE and its mirror: one framing ends before the second request, the other behind it. */
const clTe = `0\r\n\r\n${admin}`;

const both: readonly Trick[] = [
  trick("CL.TE", post(`${length(clTe)}${TE}`, clTe), [], 400),
  trick("TE.CL", post(`${TE}Content-Length: 4\r\n`, chunkedAdmin), [], 400),
  trick("CL.TE, the length 0", post(`Content-Length: 0\r\n${TE}`, clTe), [], 400),
  trick("CL.TE, the length folded", post(`X: 1\r\n ${length(clTe)}${TE}`, "0\r\n\r\n"), ["POST /public"], 200),
  trick("CL.TE, bare LF between", post(`${length(clTe).trimEnd()}\n${TE}`, clTe), [], 400),
  trick("CL.TE, the coding behind a bare LF in a value", post(`${length(clTe)}X: 1\n${TE}`, clTe), [], 400),
  trick("CL.TE, a bare CR before the coding", post(`${length(clTe)}X: 1\r${TE}`, clTe), [], 400),
  trick("CL.TE in two packets", [`POST /public HTTP/1.1\r\n${host}${length(clTe)}`, `${TE}\r\n${clTe}`], [], 400),
];

/** TE.TE: a coding that one reader takes for chunked and another does not. */
const codings: readonly Trick[] = [
  trick("xchunked", post(`Transfer-Encoding: xchunked\r\n`, chunkedAdmin), [], 501),
  trick("chunked and another line", post(`${TE}Transfer-Encoding: x\r\n`, chunkedAdmin), [], 501),
  trick("another line and chunked", post(`Transfer-Encoding: x\r\n${TE}`, chunkedAdmin), [], 501),
  trick("chunked twice", post(`${TE}${TE}`, chunkedAdmin), [], 501),
  trick("chunked and an empty line", post(`${TE}Transfer-Encoding:\r\n`, chunkedAdmin), [], 501),
  trick("chunked, identity", post("Transfer-Encoding: chunked, identity\r\n", chunkedAdmin), [], 501),
  trick("identity", post("Transfer-Encoding: identity\r\n", admin), [], 501),
  trick("gzip, chunked", post("Transfer-Encoding: gzip, chunked\r\n", chunkedAdmin), [], 501),
  trick("a parameter", post("Transfer-Encoding: chunked;q=1\r\n", chunkedAdmin), [], 501),
  trick("in quotes", post('Transfer-Encoding: "chunked"\r\n', chunkedAdmin), [], 501),
  trick("a blank before the colon", post("Transfer-Encoding : chunked\r\n", chunkedAdmin), [], 400),
  trick("a tab before the colon", post("Transfer-Encoding\t: chunked\r\n", chunkedAdmin), [], 400),
  trick("a vertical tab", post("Transfer-Encoding:\vchunked\r\n", chunkedAdmin), [], 400),
  trick("NUL behind it", post("Transfer-Encoding: chunked\0\r\n", chunkedAdmin), [], 400),
  trick("folded in two", post("Transfer-Encoding: chun\r\n ked\r\n", chunkedAdmin), [], 501),
  trick("folded, sound", post("Transfer-Encoding:\r\n chunked\r\n", chunkedAdmin), [`POST /public ${admin}`], 200),
  trick(
    "a tab before the value, sound",
    post("Transfer-Encoding:\tchunked\r\n", chunkedAdmin),
    [`POST /public ${admin}`],
    200,
  ),
  trick("capitals, sound", post("TRANSFER-ENCODING: CHUNKED\r\n", chunkedAdmin), [`POST /public ${admin}`], 200),
  trick(
    "an underscore in the name",
    post(`Transfer_Encoding: chunked\r\n${length(clTe)}`, clTe),
    [`POST /public ${clTe}`],
    200,
  ),
  trick(
    "a name that begins with a blank folds",
    post(`X: 1\r\n Transfer-Encoding: chunked\r\n${length(clTe)}`, clTe),
    [`POST /public ${clTe}`],
    200,
  ),
  trick(
    "nominated by Connection",
    post(`Connection: transfer-encoding\r\n${TE}`, chunkedAdmin),
    [`POST /public ${admin}`],
    200,
  ),
];

const lengths: readonly Trick[] = [
  trick("CL.0", post(length(admin), admin), [`POST /public ${admin}`], 200),
  trick("0.CL", get(length(admin), admin), [`GET /public ${admin}`], 200),
  trick("CL.0 on HEAD", `HEAD /public HTTP/1.1\r\n${host}${length(admin)}\r\n${admin}`, [`HEAD /public ${admin}`], 200),
  trick("length 0, then another request", post("Content-Length: 0\r\n", admin), ["POST /public"], 200, 403),
  trick("no length, then another request", post("", admin), ["POST /public"], 200, 403),
  trick("twice the same", post("Content-Length: 3\r\nContent-Length: 3\r\n", "abc"), [], 400),
  trick("two lengths", post(`Content-Length: 0\r\n${length(admin)}`, admin), [], 400),
  trick("two in one line", post(`Content-Length: 0, ${admin.length}\r\n`, admin), [], 400),
  trick("two in one line, blanks", post(`Content-Length: 0 ${admin.length}\r\n`, admin), [], 400),
  trick("a sign", post(`Content-Length: +${admin.length}\r\n`, admin), [], 400),
  trick("negative", post("Content-Length: -1\r\n", admin), [], 400),
  trick("hexadecimal", post("Content-Length: 0x2\r\n", admin), [], 400),
  trick("empty", post("Content-Length:\r\n", admin), [], 400),
  trick("2^64", post("Content-Length: 18446744073709551616\r\n", admin), [], 400),
  trick("needless zeros", post(`Content-Length: 000${admin.length}\r\n`, admin), [`POST /public ${admin}`], 200),
  trick("a blank before the colon", post(`Content-Length : ${admin.length}\r\n`, admin), [], 400),
  trick("an underscore in the name", post(`Content_Length: ${admin.length}\r\n`, admin), ["POST /public"], 200, 403),
  trick("folded", post(`Content-Length:\r\n ${admin.length}\r\n`, admin), [], 400),
  trick("folded in two", post("Content-Length: 1\r\n 0\r\n", admin), [], 400),
  trick(
    "nominated by Connection",
    post(`Connection: content-length\r\n${length(admin)}`, admin),
    [`POST /public ${admin}`],
    200,
  ),
  trick("a bare CR in the name", post(`Content-Length\r: ${admin.length}\r\n`, admin), [], 400),
];

const chunks: readonly Trick[] = [
  trick("a request as a chunk", post(TE, chunkedAdmin), [`POST /public ${admin}`], 200),
  trick("a request behind the last chunk", post(TE, `0\r\n\r\n${admin}`), ["POST /public"], 200, 403),
  trick("a request in an extension", post(TE, `3;GET /admin HTTP/1.1\r\nabc\r\n0\r\n\r\n`), ["POST /public abc"], 200),
  trick("a bare LF in an extension", post(TE, `2;\nxx\r\n${admin.length.toString(16)}\r\n0\r\n\r\n${admin}`), [], 400),
  trick("a bare LF behind the size", post(TE, "3\nabc\n0\n\n"), [], 400),
  trick("a bare CR behind the size", post(TE, "3\rabc\r\n0\r\n\r\n"), [], 400),
  trick("another byte than CR behind the data", post(TE, `3\r\nabcX\r\n0\r\n\r\n${admin}`), [], 400),
  trick("0x", post(TE, "0x3\r\nabc\r\n0\r\n\r\n"), [], 400),
  trick("a sign", post(TE, "+3\r\nabc\r\n0\r\n\r\n"), [], 400),
  trick("a size beyond 2^64", post(TE, "10000000000000003\r\nabc\r\n0\r\n\r\n"), [], 400),
  trick("blanks behind the size", post(TE, "3 \t\r\nabc\r\n0\r\n\r\n"), ["POST /public abc"], 200),
  trick(
    "trailers that frame",
    post(TE, `0\r\nContent-Length: ${admin.length}\r\nTransfer-Encoding: chunked\r\n\r\n${admin}`),
    ["POST /public"],
    200,
    403,
  ),
  trick(
    "trailers that name another host and caller",
    post(TE, "0\r\nHost: evil\r\nX-Forwarded-Client-Cert: By=x\r\n\r\n"),
    ["POST /public"],
    200,
  ),
  trick("trailers with bare LF", post(TE, `0\r\nX: 1\n\n${admin}`), ["POST /public"], 200, 403),
  trick("a trailer with a blank before its colon", post(TE, `0\r\nX : 1\r\n\r\n${admin}`), [], 400),
  trick("every byte by itself", [...post(TE, `${chunkedAdmin}${admin}`)], [`POST /public ${admin}`], 200, 403),
];

const heads: readonly Trick[] = [
  trick("pipelined", get("") + admin + get(""), ["GET /public", "GET /public"], 200, 403, 200),
  trick("pipelined behind Connection: close", get("Connection: close\r\n") + admin, ["GET /public"], 200),
  trick("pipelined behind a refusal", post("Content-Length: x\r\n") + get(""), [], 400),
  trick(
    "pipelined behind a whole request that is refused, LF only",
    `OPTIONS * HTTP/1.1\n${host}\n${get("")}`,
    ["GET /public"],
    404,
    200,
  ),
  trick("pipelined behind a request without host", `GET /public HTTP/1.1\r\n\r\n${get("")}`, [], 400),
  trick("LF only", get("X: 1\r\n").replaceAll("\r", ""), ["GET /public"], 200),
  trick("a blank and a bare LF behind a value", get("X: 1 \nY: 2\r\n"), ["GET /public"], 200),
  trick("a folded line that reads like a request", get("X: 1\r\n GET /admin HTTP/1.1\r\n"), ["GET /public"], 200),
  trick("a folded first line", `GET /public HTTP/1.1\r\n ${host}\r\n`, [], 400),
  trick("a bare CR that could end a line", get("X: 1\rGET /admin HTTP/1.1\rHost: backend\r\r\n"), [], 400),
  trick("two CR", "GET /public HTTP/1.1\r\r\nHost: backend:8080\r\r\n\r\r\n", [], 400),
  trick("NUL in a name", get("X\0Y: 1\r\n"), [], 400),
  trick("NUL in a value", get("X: a\0b\r\n"), [], 400),
  trick("no name", get(": 1\r\n"), [], 400),
  trick("no colon", get("X\r\n"), [], 400),
  trick("a pseudo header", get(":path: /admin\r\n"), [], 400),
  trick("a name with a bracket", get("X(: 1\r\n"), [], 400),
  trick(
    "headers that some servers take for the path",
    get("X-Original-URL: /admin\r\nX-Rewrite-URL: /admin\r\n"),
    ["GET /public"],
    200,
  ),
  trick("HTTP/0.9", "GET /public\r\n", [], 426),
  trick("HTTP/1.0 in chunks", `POST /public HTTP/1.0\r\n${host}${TE}\r\n${chunkedAdmin}`, [], 426),
  trick("HTTP/1.2", line("GET /public HTTP/1.2"), [], 426),
  trick("a version glued to the target", line("GET /publicHTTP/1.1"), [], 426),
  trick("two versions", line("GET /public HTTP/1.1 HTTP/1.1"), [], 400),
  trick("a request line of two lines", `GET /public\r\n HTTP/1.1\r\n${host}\r\n`, [], 426),
  trick("a lower-case method", line("get /admin HTTP/1.1"), [], 400),
  trick("a method of two words", line("GET GET /admin HTTP/1.1"), [], 400),
  trick("blanks before the method", ` GET /public HTTP/1.1\r\n${host}\r\n`, [], 400),
  trick("blanks and tabs in the line", line("GET \t /public  HTTP/1.1 "), ["GET /public"], 200),
  trick("empty lines first", `\r\n\n\r\n${get("")}`, ["GET /public"], 200),
];

const hosts: readonly Trick[] = [
  trick("two hosts", `GET /public HTTP/1.1\r\n${host}Host: admin\r\n\r\n`, ["GET /public"], 200),
  trick("an empty host and another", `GET /public HTTP/1.1\r\nHost:\r\n${host}\r\n`, ["GET /public"], 200),
  trick("a host with a blank", "GET /public HTTP/1.1\r\nHost: backend x\r\n\r\n", [], 400),
  trick("a host with a slash", "GET /public HTTP/1.1\r\nHost: backend/admin\r\n\r\n", [], 400),
  trick("a host with CR", "GET /public HTTP/1.1\r\nHost: backend\rX: 1\r\n\r\n", [], 400),
  trick("the host nominated", get("Connection: host\r\n"), [], 400),
  trick("absolute", line("GET http://backend:8080/admin HTTP/1.1"), [], 403),
  trick(
    "absolute, another host",
    `GET http://backend:8080/public HTTP/1.1\r\nHost: admin\r\n\r\n`,
    ["GET /public"],
    200,
  ),
  trick("absolute, user information", line("GET http://backend@backend:8080/admin HTTP/1.1"), [], 403),
  trick("absolute, no path", line("GET http://backend:8080 HTTP/1.1"), [], 403),
  trick("absolute, only a query", line("GET http://backend:8080?/public HTTP/1.1"), [], 404),
  trick("absolute, two authorities", line("GET http://backend:8080@evil@backend/admin HTTP/1.1"), [], 400),
  trick("absolute, another scheme", line("GET file://backend/admin HTTP/1.1"), [], 400),
  trick("CONNECT", "CONNECT backend:8080 HTTP/1.1\r\nHost: backend:8080\r\n\r\n" + admin, [], 404),
  trick("CONNECT with a length", `CONNECT backend:8080 HTTP/1.1\r\n${host}${length(admin)}\r\n${admin}`, [], 400),
  trick("OPTIONS *", line("OPTIONS * HTTP/1.1"), [], 404),
];

const paths: readonly Trick[] = [
  trick("dot segments", line("GET /public/../admin HTTP/1.1"), [], 403),
  trick("escaped dot segments", line("GET /public/%2e%2e/admin HTTP/1.1"), [], 403),
  trick("backslashes", line("GET /public\\..\\admin HTTP/1.1"), [], 403),
  trick("a parameter behind the dots", line("GET /public/..;/admin HTTP/1.1"), [], 403),
  trick("escaped letters", line("GET /%61dmin HTTP/1.1"), [], 403),
  trick(
    "escaped slashes stay what they are",
    line("GET /public%2f..%2fadmin HTTP/1.1"),
    ["GET /public%2f..%2fadmin"],
    200,
  ),
  trick("a fragment", line("GET /admin#/public HTTP/1.1"), [], 403),
  trick("a fragment behind", line("GET /public#/../admin HTTP/1.1"), ["GET /public"], 200),
  trick("a query with a path", line("GET /public?/../admin HTTP/1.1"), ["GET /public?/../admin"], 200),
  trick("%00", line("GET /public%00/../admin HTTP/1.1"), [], 400),
  trick("a raw NUL", line("GET /public\0/admin HTTP/1.1"), [], 400),
  trick("CRLF escaped in the path", line("GET /public%0d%0aX:%201 HTTP/1.1"), ["GET /public%0d%0aX:%201"], 200),
  trick("beyond ASCII", line("GET /public\xc0\xae HTTP/1.1"), [], 400),
];

const tunnels: readonly Trick[] = [
  trick(
    "an upgrade that is not answered by 101, then a request",
    get("Connection: Upgrade\r\nUpgrade: websocket\r\n", admin),
    ["GET /public"],
    200,
  ),
  trick("an upgrade to something else", get("Connection: Upgrade\r\nUpgrade: mystery\r\n", admin), [], 403),
  trick(
    "h2c",
    get("Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n"),
    ["GET /public"],
    200,
  ),
  trick("the HTTP/2 preface behind a request", get("") + "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", ["GET /public"], 200, 400),
  trick(
    "Expect: 100-continue with a request for a body",
    post(`Expect: 100-continue\r\n${length(admin)}`, admin),
    [`POST /public ${admin}`],
    200,
  ),
  trick(
    "an expectation nobody knows",
    post(`Expect: 200-ok\r\n${length(admin)}`, admin),
    [`POST /public ${admin}`],
    200,
  ),
  trick("a forwarded header nominated", get("Connection: x-forwarded-for\r\nX-Forwarded-For: 1.2.3.4\r\n"), [], 400),
];

export const tricks: Readonly<Record<string, readonly Trick[]>> = {
  "both framings": both,
  "obscured codings": codings,
  lengths: lengths,
  chunks: chunks,
  heads: heads,
  "hosts and absolute targets": hosts,
  paths: paths,
  "tunnels and expectations": tunnels,
};

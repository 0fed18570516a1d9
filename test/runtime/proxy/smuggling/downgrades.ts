/** A request over HTTP/2 that tries to become something else when it is written as HTTP/1. */
export interface Downgrade {
  readonly name: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body?: string;
  /** `METHOD target body` of each request that the application receives. */
  readonly app: readonly string[];
  readonly verdict: "answered" | "reset";
  /** `varies`: a library may also reset the stream; the application then receives nothing. */
  readonly strictness?: "varies";
}

const admin = "GET /admin HTTP/1.1\r\nHost: backend:8080\r\n\r\n";
const pseudo = (path = "/public", method = "GET"): readonly (readonly [string, string])[] => [
  [":method", method],
  [":scheme", "http"],
  [":authority", "backend:8080"],
  [":path", path],
];
const field = (name: string, value: string, body?: string): Omit<Downgrade, "name" | "app" | "verdict"> => ({
  headers: [...pseudo("/public", body === undefined ? "GET" : "POST"), [name, value]],
  ...(body === undefined ? {} : { body }),
});

const reset = { app: [], verdict: "reset" } as const;
/** nghttp2 leaves such a header out before anybody sees it, older ones some not; Envoy resets the stream. None passes it on. */
const dropped = { app: ["GET /public"], verdict: "answered", strictness: "varies" } as const;

export const downgrades: readonly Downgrade[] = [
  { name: "CRLF in a value", ...field("x", `1\r\n\r\n${admin}`), ...dropped },
  { name: "LF in a value", ...field("x", "1\nTransfer-Encoding: chunked"), ...dropped },
  { name: "CR in a value", ...field("x", "1\rTransfer-Encoding: chunked"), ...dropped },
  { name: "NUL in a value", ...field("x", "1\0"), ...dropped },
  { name: "CRLF in a name", ...field("x: 1\r\nTransfer-Encoding", "chunked"), ...dropped },
  { name: "a colon in a name", ...field("transfer-encoding: chunked\r\nx", "1"), ...dropped },
  { name: "a blank in a name", ...field("transfer-encoding ", "chunked"), ...dropped },
  { name: "capitals in a name", ...field("Transfer-Encoding", "chunked"), ...reset },
  { name: "an empty name", ...field("", "1"), ...dropped },
  { name: "transfer-encoding", ...field("transfer-encoding", "chunked", `0\r\n\r\n${admin}`), ...reset },
  { name: "connection", ...field("connection", "x-forwarded-for"), ...reset },
  { name: "upgrade", ...field("upgrade", "websocket"), ...reset },
  { name: "keep-alive", ...field("keep-alive", "timeout=5"), ...reset },
  { name: "proxy-connection", ...field("proxy-connection", "close"), ...reset },
  { name: "te", ...field("te", "gzip"), ...reset },
  {
    name: "H2.CL: a length shorter than the body",
    ...field("content-length", "0", admin),
    app: ["POST /public"],
    verdict: "reset",
  },
  { name: "H2.CL: a length longer than the body", ...field("content-length", "100", "abc"), ...reset },
  { name: "a length without a body", ...field("content-length", "3"), ...reset },
  {
    name: "two lengths",
    headers: [...pseudo("/public", "POST"), ["content-length", "0"], ["content-length", `${admin.length}`]],
    body: admin,
    ...reset,
  },
  { name: "a length that is none", ...field("content-length", "+3", "abc"), ...reset },
  {
    name: "a request as the body, no length",
    headers: pseudo("/public", "POST"),
    body: admin,
    app: [`POST /public ${admin}`],
    verdict: "answered",
  },
  {
    name: "a request as the body, its length",
    ...field("content-length", `${admin.length}`, admin),
    app: [`POST /public ${admin}`],
    verdict: "answered",
  },
  { name: "a blank in the path", headers: pseudo("/public HTTP/1.1\r\nX: /admin"), ...reset },
  { name: "CRLF in the path", headers: pseudo(`/public\r\n${admin}`), ...reset },
  { name: "a path without a slash", headers: pseudo("public"), ...reset },
  { name: "an absolute path", headers: pseudo("http://backend:8080/admin"), ...reset },
  { name: "an empty path", headers: pseudo(""), ...reset },
  { name: "a blank in the method", headers: pseudo("/public", "GET /admin HTTP/1.1\r\nX:"), ...reset },
  { name: "CRLF in the method", headers: pseudo("/public", "GET\r\n"), ...reset },
  { name: "an empty method", headers: pseudo("/public", ""), ...reset },
  {
    name: "CRLF in the authority",
    headers: [
      [":method", "GET"],
      [":scheme", "http"],
      [":authority", "backend\r\nX: 1"],
      [":path", "/public"],
    ],
    ...reset,
  },
  { name: "two paths", headers: [...pseudo(), [":path", "/admin"]], ...reset },
  { name: "two methods", headers: [...pseudo(), [":method", "POST"]], ...reset },
  {
    name: "a pseudo header behind a header",
    headers: [
      [":method", "GET"],
      [":scheme", "http"],
      [":authority", "backend:8080"],
      ["x", "1"],
      [":path", "/admin"],
    ],
    ...reset,
  },
  { name: "an unknown pseudo header", headers: [...pseudo(), [":target", "/admin"]], ...reset },
  {
    name: "no path",
    headers: [
      [":method", "GET"],
      [":scheme", "http"],
      [":authority", "backend:8080"],
    ],
    ...reset,
  },
  { name: "two hosts", headers: [...pseudo(), ["host", "a"], ["host", "b"]], ...reset },
  {
    name: "a host besides the authority",
    headers: [...pseudo(), ["host", "admin"]],
    app: ["GET /public"],
    verdict: "answered",
  },
  { name: "a path that is denied", headers: pseudo("/admin"), app: [], verdict: "answered" },
  { name: "dot segments", headers: pseudo("/public/../admin"), app: [], verdict: "answered" },
  { name: "a fragment", headers: pseudo("/admin#/public"), app: [], verdict: "answered" },
  {
    name: "a query with a path",
    headers: pseudo("/public?/../admin"),
    app: ["GET /public?/../admin"],
    verdict: "answered",
  },
  {
    name: "cookie crumbs",
    headers: [...pseudo(), ["cookie", "a=1"], ["cookie", "b=2"]],
    app: ["GET /public"],
    verdict: "answered",
  },
  { name: "te: trailers", ...field("te", "trailers"), app: ["GET /public"], verdict: "answered" },
];

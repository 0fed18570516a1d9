import type { Random } from "./random.ts";
import { lines } from "./seeds.ts";

const methods = [
  "GET",
  "GET",
  "POST",
  "POST",
  "PUT",
  "HEAD",
  "OPTIONS",
  "DELETE",
  "PATCH",
  "CONNECT",
  "TRACE",
  "PURGE",
  "get",
  "M-SEARCH",
  "QUERY",
  "FOO",
  "",
] as const;
const targets = [
  "/",
  "/x",
  "/public?q=1",
  "/a/../b",
  "/%2e%2e/admin",
  "//x",
  "/a;b",
  "*",
  "a:80",
  "http://b/x",
  "https://b:443",
  "HTTP://a@b/",
  "ftp://a/x",
  "x",
  "?q",
  "/x#f",
  "/\xe9",
  '/a"b',
  "/a b",
  "",
] as const;
const versions = [
  "HTTP/1.1",
  "HTTP/1.1",
  "HTTP/1.1",
  "HTTP/1.1",
  "HTTP/1.1",
  "HTTP/1.1",
  "HTTP/1.0",
  "HTTP/1.2",
  "HTTP/2.0",
  "http/1.1",
  "HTTP/1.1x",
  "HTTP/11",
  "",
] as const;
const gaps = [" ", " ", " ", " ", " ", " ", "  ", "\t", " \t ", ""] as const;
const ends = ["\r\n", "\r\n", "\r\n", "\r\n", "\r\n", "\r\n", "\r\n", "\r\n", "\n", "\r\r\n", "\r"] as const;
const bodies = [
  "",
  "",
  "abc",
  "3\r\nabc\r\n0\r\n\r\n",
  "0\r\n\r\n",
  "3;x\r\nabc\r\n0\r\nx-t: 1\r\n\r\n",
  "3\nabc\n0\n\n",
  "zz\r\n",
  "GET /admin HTTP/1.1\r\nHost: a\r\n\r\n",
  "0\r\n\r\nGET /admin HTTP/1.1\r\nHost: a\r\n\r\n",
] as const;
const framings = [
  "",
  "",
  "Content-Length: 3",
  "Transfer-Encoding: chunked",
  "Content-Length: 3\r\nTransfer-Encoding: chunked",
  "Content-Length: 3\r\nContent-Length: 3",
] as const;
const starts = [
  "HTTP/1.1 200 OK",
  "HTTP/1.1 200 OK",
  "HTTP/1.1 204 No Content",
  "HTTP/1.1 304 x",
  "HTTP/1.1 404",
  "HTTP/1.1 100 Continue",
  "HTTP/1.1 101 x",
  "HTTP/1.1 103 x",
  "HTTP/1.0 200 OK",
  "HTTP/1.1 099 x",
  "HTTP/1.1 600 x",
  "HTTP/1.1  200 OK",
  "HTTP/2 200",
  "HTTP/1.1 2000 x",
  "http/1.1 200 OK",
  "HTTP/1.1 200 \xe9\tx",
  "HTTP/1.1\t200 OK",
] as const;

/** A request put together from parts that are mostly sound, so that few faults stand alone. */
export function composeRequest(random: Random): string {
  const gap = (): string => random.pick(gaps);
  const start = `${random.pick(methods)}${gap()}${random.pick(targets)}${gap()}${random.pick(versions)}`;
  return compose(start, random.oneIn(12) ? [] : ["Host: a"], random);
}

/** The same for a response. */
export function composeResponse(random: Random): string {
  return compose(random.pick(starts), [], random);
}

function compose(start: string, first: readonly string[], random: Random): string {
  const end = (): string => (random.oneIn(6) ? random.pick(ends) : "\r\n");
  const all = [...first, random.pick(framings)].filter((line) => line !== "");
  for (let left = random.below(5); left > 0; left -= 1) all.splice(random.below(all.length + 1), 0, random.pick(lines));
  return `${start}${end()}${all.map((line) => line + end()).join("")}${end()}${random.pick(bodies)}`;
}

import { markTarget, type Shot } from "../../runtime/probe/attempt.ts";
import { pathAttempts } from "../../runtime/probe/path-tricks.ts";
import { normalizedTarget } from "../reference/normalize.ts";

/** How programs read the path that they are given. Each is run in a program by its own text, and here to know what to expect. */
export const readings = {
  raw: (path: string): string => path,
  merging: (path: string): string => path.replaceAll(/\/+/g, "/"),
  decoding: (path: string): string => {
    try {
      return decodeURIComponent(path);
    } catch {
      return path;
    }
  },
  lenient: (path: string): string => {
    let decoded = path;
    try {
      decoded = decodeURIComponent(path);
    } catch {
      // As it is.
    }
    return new URL(decoded.replaceAll(/\/+/g, "/"), "http://x").pathname;
  },
  caseless: (path: string): string => path.toLowerCase(),
  trimming: (path: string): string => path.replace(/(?:\/|\.|%20)+$/, ""),
  parameterless: (path: string): string => path.replaceAll(/;[^/]*/g, ""),
} as const satisfies Readonly<Record<string, (path: string) => string>>;

export type Reading = keyof typeof readings;

/** A program that reads paths so, and logs what it made of each. */
export function programOf(reading: Reading): string {
  return `import { createServer } from "node:http";
const read = ${readings[reading].toString()};
createServer((request, response) => {
  const [path, ...query] = request.url.replace(/^[a-z]+:\\/\\/[^/]*/i, "").split("?");
  console.log(request.method + " " + read(path) + "?" + query.join("?"));
  response.writeHead(read(path) === "/admin" ? 200 : 404).end();
}).listen(8080);
`;
}

/** Whole URIs, and what is no path: where they lead is not a matter of spelling alone. */
const otherwise = /URI|no slash/;

/** Names of the spellings of GET /admin that an outsider's request must come through with, where a DENY names that path; by the reference alone. */
export function expectedHits(mode: string, reading: Reading, open: string): readonly string[] {
  const shot: Shot = { method: "GET", path: "/admin", authority: "x:8080", open, trusted: "" };
  return pathAttempts(shot).flatMap(({ technique, name, shown }) => {
    if (otherwise.test(name)) return [];
    const target = normalizedTarget(markTarget(shown.slice("GET ".length), "m"), mode);
    const path = target?.split("?")[0];
    return path !== undefined && path !== "/admin" && readings[reading](path) === "/admin"
      ? [`${technique}: ${name}`]
      : [];
  });
}

/** Of the hits that a probe found those that are told above. */
export function isSpelling(finding: { readonly technique: string; readonly name: string }): boolean {
  return (finding.technique === "path" || finding.technique === "query") && !otherwise.test(finding.name);
}

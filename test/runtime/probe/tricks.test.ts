import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Attempt, Shot } from "../../../runtime/probe/attempt.ts";
import { framingAttempts } from "../../../runtime/probe/framing-tricks.ts";
import { headerAttempts } from "../../../runtime/probe/header-tricks.ts";
import { pathAttempts } from "../../../runtime/probe/path-tricks.ts";
import { protocolAttempts } from "../../../runtime/probe/protocol-tricks.ts";
import { readers, readSloppily } from "../proxy/smuggling/sloppy-readers.ts";

const marks = { marker: "mdp0a1b2c-00001", outer: "mdo0a1b2c-00001" };
const shot: Shot = {
  method: "GET",
  path: "/shop/admin",
  authority: "backend:8080",
  open: "/public",
  trusted: "cluster.local/ns/default/sa/owner",
};

const all = (of: Shot): readonly Attempt[] => [
  ...pathAttempts(of),
  ...headerAttempts(of),
  ...framingAttempts(of),
  ...protocolAttempts(of),
];

function bytesOf(attempt: Attempt): string {
  const wire = attempt.write(marks);
  return wire.kind === "http2"
    ? wire.target + JSON.stringify(wire.headers)
    : wire.bytes + (wire.kind === "bytes" ? (wire.afterwards ?? "") : "");
}

describe("attempts", () => {
  it("cover what the issue names, each once", () => {
    const names = all(shot).map(({ technique, name }) => `${technique}: ${name}`);
    expect(new Set(names).size).toBe(names.length);
    expect(names.length).toBeGreaterThan(140);
  });

  it("are spelled as they should be", () => {
    const targets = pathAttempts(shot).map(({ shown }) => shown.slice("GET ".length));
    expect(targets).toEqual(
      expect.arrayContaining([
        "//shop/admin",
        "/shop//admin",
        "/shop/./admin",
        "/shop/x/../admin",
        "/public/..;/shop/admin",
        "/shop/x/..%2fadmin",
        "/%5cshop/admin",
        "/shop/admin;x=1",
        "/SHOP/ADMIN",
        "/shop/admin/",
        "/shop/%61dmin",
        "/shop/%2561dmin",
        "http://backend:8080/shop/admin",
      ]),
    );
  });

  it("carry their marker, whatever the resource", () => {
    const segment = fc.stringMatching(/^[a-zA-Z0-9._~-]{1,8}$/);
    fc.assert(
      fc.property(fc.array(segment, { maxLength: 4 }), fc.constantFrom("GET", "POST", "DELETE"), (segments, method) => {
        const of = { ...shot, method, path: `/${segments.join("/")}` };
        for (const attempt of all(of)) expect(bytesOf(attempt)).toContain(marks.marker);
      }),
      { numRuns: 20 },
    );
  });

  it("of smuggling: readers with the right weakness see two requests", () => {
    const smuggled = framingAttempts(shot).filter(({ shown }) => shown.includes("inside of"));
    const start = `GET ${shot.path}?`;
    const missed = smuggled.filter(
      (attempt) =>
        !readers.some((reader) => readSloppily(bytesOf(attempt), reader).some((request) => request.startsWith(start))),
    );
    // For readers with weaknesses that ours lack: lengths or bodies that are not read at all, a bare CR, names with underscores, chunks.
    expect(missed.map(({ name }) => name)).toEqual([
      "CL.0, a length that nobody reads",
      "GET with a body",
      "two lengths, the other first",
      "TE.TE, behind a bare carriage return",
      "TE.TE, an underscore",
      "a line break in a chunk extension",
      "a chunk of 2^64 bytes",
      "behind trailers",
    ]);
    for (const attempt of missed) expect(bytesOf(attempt)).toContain(`\r\n\r\n${start}`);
  });
});

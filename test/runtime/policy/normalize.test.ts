import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { PathNormalization } from "../../../runtime/model/mesh.ts";
import { normalizePath } from "../../../runtime/policy/normalize.ts";

const modes: readonly PathNormalization[] = ["NONE", "BASE", "MERGE_SLASHES", "DECODE_AND_MERGE_SLASHES"];

function results(path: string): readonly string[] {
  return modes.map((mode) => {
    const result = normalizePath(path, mode);
    return result.ok ? result.path : result.details;
  });
}

describe("normalizePath", () => {
  // "=" stands for the input itself.
  it.each([
    ["/", "=", "=", "=", "="],
    ["/app#foo", "/app", "/app", "/app", "/app"],
    ["/app?x#y", "/app?x", "/app?x", "/app?x", "/app?x"],
    ["/app/../admin", "=", "/admin", "/admin", "/admin"],
    ["/app//", "=", "=", "/app/", "/app/"],
    ["/app/%2f", "=", "=", "=", "/app/"],
    ["/app%2f/", "=", "=", "=", "/app/"],
    ["/xyz%30..//abc", "=", "/xyz0..//abc", "/xyz0../abc", "/xyz0../abc"],
    ["/app/%2E./admin", "=", "/admin", "/admin", "/admin"],
    ["/app\\admin", "=", "/app/admin", "/app/admin", "/app/admin"],
    ["/app/\\/\\/\\admin", "=", "/app//////admin", "/app/admin", "/app/admin"],
    ["/%2Fapp%5cadmin%5Cabc", "=", "=", "=", "/app/admin/abc"],
    [
      "/%5Capp%2f%5c%2F%2e%2e%2fadmin%5c\\abc",
      "=",
      "/%5Capp%2f%5c%2F..%2fadmin%5c/abc",
      "/%5Capp%2f%5c%2F..%2fadmin%5c/abc",
      "/app/admin/abc",
    ],
    ["/app//../admin", "=", "/app/admin", "/app/admin", "/app/admin"],
    ["/app//../../admin", "=", "/admin", "/admin", "/admin"],
    ["/..", "=", "/", "/", "/"],
    ["/a/.", "=", "/a/", "/a/", "/a/"],
    ["/a/..", "=", "/", "/", "/"],
    // errata security 1: parameters of dot segments go before decoding
    ["/..;/admin", "=", "/admin", "/admin", "/admin"],
    ["/x/.;/admin", "=", "/x/admin", "/x/admin", "/x/admin"],
    ["/x/%2e%2e;/admin", "=", "/x/..;/admin", "/x/..;/admin", "/x/..;/admin"],
    ["/x/..;?q=/../", "=", "/?q=/../", "/?q=/../", "/?q=/../"],
    // errata security 2, 3, 5, 6
    ["/a|b{c}", "=", "/a%7Cb%7Bc%7D", "/a%7Cb%7Bc%7D", "/a%7Cb%7Bc%7D"],
    ["/admin%", "=", "=", "=", "="],
    ["/admin%zz", "=", "=", "=", "="],
    ["/%%61dmin", "=", "/%25admin", "/%25admin", "/%25admin"],
    ["/%%30%30", "=", "/%2500", "/%2500", "/%2500"],
    ["//", "=", "=", "=", "="],
    ["///", "=", "=", "//", "//"],
    ["/a%00", "=", "path_normalization_failed", "path_normalization_failed", "path_normalization_failed"],
    ["/a?b%00//../|", "=", "=", "=", "="],
  ])("%s", (path, ...wanted) => {
    expect(results(path)).toEqual(wanted.map((each) => (each === "=" ? path : each)));
  });

  it.each([
    "/0x2e0x2e/admin",
    "/%25c0%25ae%25c1%259cadmin",
    "/%252e%252e/admin",
    "/%c0%ae%c0%ae/admin",
    "/.../admin",
    "/..../admin",
    "/;/admin",
    "/admin;a=b",
    "/admin;a=b/xyz",
    "/admin,a=b/xyz",
    "/Admin",
    "/ADMIN",
  ])("leaves %s alone in every mode", (path) => {
    expect(results(path)).toEqual(modes.map(() => path));
  });

  it("decodes exactly the unreserved bytes, and slashes only when asked to", () => {
    for (let byte = 1; byte < 256; byte += 1) {
      const hex = byte.toString(16).padStart(2, "0");
      const char = String.fromCharCode(byte);
      const decoded = /[A-Za-z0-9\-._~]/.test(char) ? char : `%${hex}`;
      const slash = char === "/" || char === "\\" ? "/" : decoded;
      expect(normalizePath(`/admin%${hex}`, "BASE")).toEqual({ ok: true, path: `/admin${decoded}` });
      expect(normalizePath(`/admin%${hex}`, "DECODE_AND_MERGE_SLASHES")).toEqual({ ok: true, path: `/admin${slash}` });
    }
  });

  it("never leaves a dot segment, a backslash or, where it merges, a double slash before the query", () => {
    const piece = fc.constantFrom(
      "/",
      "\\",
      ".",
      "..",
      "%2e",
      "%2E%2e",
      "%2f",
      "%5C",
      "a",
      ";",
      "%",
      "%2",
      "5",
      "?",
      "#",
      "{",
      "%61",
      "admin",
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), fc.constantFrom(...modes.slice(1)), (pieces, mode) => {
        const result = normalizePath(`/${pieces.join("")}`, mode);
        const [path = ""] = (result.ok ? result.path : "/").split("?");
        expect(path).not.toMatch(/\/\.\.?(\/|$)/);
        expect(path).not.toContain("\\");
        expect(path).not.toMatch(/["<>^`{|}#]/);
        expect(mode === "BASE" || path === "//" || !path.includes("//")).toBe(true);
      }),
    );
  });
});

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bindTemplate, isTemplate } from "../../../runtime/policy/template.ts";

describe("path templates", () => {
  it.each([
    ["/allow/admin/{**}", ["/allow/admin/", "/allow/admin/x/y.txt"], ["/allow/admin", "/allow/adminx"]],
    ["/foo/{*}/bar/{**}", ["/foo/x/bar/", "/foo/x/bar/y/z"], ["/foo//bar/x", "/foo/x/y/bar/z"]],
    ["/store/{**}/cart", ["/store//cart", "/store/a/b/cart"], ["/store/cart"]],
    ["/a/{*}", ["/a/b*c", "/a/b%7C"], ["/a/", "/a/b/c", "/a/b|c", "/a/b{"]],
    ["/{*}", ["/x"], ["/", "//"]],
  ])("%s", (template, matching, other) => {
    const matches = bindTemplate(template);
    for (const path of matching) expect([path, matches?.(path)]).toEqual([path, true]);
    for (const path of other) expect([path, matches?.(path)]).toEqual([path, false]);
  });

  it.each(["/a{*}", "/{**}/{*}", "/{**}/{**}", "a/{*}", "/{x}/{*}", "/a*/{*}", "/a b/{*}"])(
    "%s is no template",
    (template) => {
      expect(isTemplate(template)).toBe(true);
      expect(bindTemplate(template)).toBeUndefined();
    },
  );

  it("means the regular expression it stands for", () => {
    const segment = fc.constantFrom("a", "b", "{*}");
    const path = fc
      .array(fc.constantFrom("a", "b", "", "a%2e", "{", "b*"), { maxLength: 6 })
      .map((parts) => `/${parts.join("/")}`);
    fc.assert(
      fc.property(
        fc.array(segment, { maxLength: 3 }),
        fc.option(fc.array(fc.constantFrom("a", "b"), { maxLength: 2 })),
        path,
        (head, tail, actual) => {
          const segments = tail === null ? head : [...head, "{**}", ...tail];
          if (segments.length === 0) return;
          const chars = String.raw`[a-zA-Z0-9\-._~%!$&'()*+,;:@=`;
          const source = segments
            .map((each) => (each === "{*}" ? `${chars}]+` : each === "{**}" ? `${chars}/]*` : each))
            .join("/");
          expect(bindTemplate(`/${segments.join("/")}`)?.(actual)).toBe(new RegExp(`^/${source}$`).test(actual));
        },
      ),
    );
  });
});

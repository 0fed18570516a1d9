import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decode } from "../../../runtime/config/decode.ts";
import { kinds } from "../../../runtime/config/kinds.ts";
import type { Shape } from "../../../runtime/config/shape.ts";

const policy = shapeOf("AuthorizationPolicy");
const service = shapeOf("VirtualService");

function shapeOf(kind: string): Shape {
  const shape = kinds[kind]?.spec;
  if (shape === undefined) throw new Error(`${kind} has no shape`);
  return shape;
}

describe("a spec as Istio's decoder reads it", () => {
  it("takes snake case, numbers in quotes, enums by number, and nulls", () => {
    expect(
      decode(
        { rules: [{ from: [{ source: { not_namespaces: ["a"] } }] }, null], action: 1, provider: null },
        policy,
        "spec",
      ),
    ).toEqual({
      value: { action: "DENY", rules: [{ from: [{ source: { notNamespaces: ["a"] } }] }, {}] },
    });
    expect(decode({ http: [{ route: [{ weight: "50" }] }] }, service, "spec")).toEqual({
      value: { http: [{ route: [{ weight: 50 }] }] },
    });
  });

  it.each([
    [
      { action: "REJECT" },
      "spec.action",
      String.raw`unknown value "\"REJECT\"" for enum istio.security.v1beta1.AuthorizationPolicy.Action`,
    ],
    [{ rules: {} }, "spec.rules", "json: cannot unmarshal object into Go value of type []json.RawMessage"],
    [[], "spec", "json: cannot unmarshal array into Go value of type map[string]json.RawMessage"],
    [
      { rules: [{ to: [{ operation: { ports: [80] } }] }] },
      "spec.rules[0].to[0].operation.ports[0]",
      "json: cannot unmarshal number into Go value of type string",
    ],
    [{ nope: 1 }, "spec.nope", 'unknown field "nope" in istio.security.v1beta1.AuthorizationPolicy'],
  ])("refuses %j at %s", (value, field, message) => {
    expect(decode(value, policy, "spec")).toEqual({ fault: { field, message } });
  });

  it("never throws, and ignores unknown fields only when asked to", () => {
    expect(decode({ nope: 1 }, policy, "spec", "ignore")).toEqual({ value: {} });
    fc.assert(
      fc.property(fc.constantFrom(...Object.keys(kinds)), fc.jsonValue({ maxDepth: 4 }), (kind, value) => {
        const shape = kinds[kind]?.spec;
        if (shape !== undefined) decode(value, shape, "spec");
      }),
    );
  });
});

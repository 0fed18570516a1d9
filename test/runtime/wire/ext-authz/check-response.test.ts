import * as fc from "fast-check";
import { expect, test } from "vitest";
import { decodeCheckResponse } from "../../../../runtime/wire/ext-authz/check-response.ts";
import { structOf, writeCheckResponse } from "../../../support/ext-authz-proto.ts";

/** The message without the frame around it. */
function decoded(response: Readonly<Record<string, unknown>>): ReturnType<typeof decodeCheckResponse> {
  return decodeCheckResponse(writeCheckResponse({ status: { code: 0 }, ...response }).subarray(5));
}

function textsOf(value: unknown): string | readonly unknown[] | null {
  if (typeof value === "string") return value;
  return Array.isArray(value) ? value.filter((each) => typeof each === "string") : null;
}

const json = fc.oneof(
  fc.string(),
  fc.array(fc.oneof(fc.string(), fc.constant(null), fc.double({ noNaN: true }), fc.constant(["x"]))),
  fc.jsonValue(),
);

test("of notes the texts remain, alone and in lists; everything else holds a place", () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), json), (fields) => {
      const { notes } = decoded({ dynamicMetadata: structOf(fields) });
      expect(notes).toEqual(new Map(Object.entries(fields).map(([name, value]) => [name, textsOf(value)])));
    }),
  );
});

test("notes stand beside the answer or inside of it", () => {
  const fields = structOf({ risk: "high" });
  expect(decoded({ okResponse: { dynamicMetadata: fields } })).toMatchObject({
    notes: undefined,
    said: { kind: "ok", ok: { notes: new Map([["risk", "high"]]) } },
  });
  expect(decoded({ okResponse: {} }).notes).toBeUndefined();
});

test("bytes that are no message throw and nothing else", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      try {
        decodeCheckResponse(new Uint8Array([0x22, bytes.length, ...bytes]));
      } catch (error) {
        expect(error).toBeInstanceOf(Error);
      }
    }),
  );
});

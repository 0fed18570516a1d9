import type { JsonObject, JsonValue, JwtProvider } from "../../model/jwt.ts";
import { isJsonObject } from "./json.ts";
import type { ParsedJwt } from "./parse.ts";
import type { RequestView } from "./request-view.ts";

/** Writes what a rule wants told of an accepted token into headers (spec RA-9, errata security 31). */
export function writeOutputs(view: RequestView, provider: JwtProvider, jwt: ParsedJwt): void {
  if (provider.payloadHeader !== undefined) write(view, provider.payloadHeader, jwt.payloadText);
  for (const { header, claim } of provider.claimHeaders) write(view, header, headerText(claimAt(jwt.payload, claim)));
}

/** No claim may begin a header of its own: a value with a line break or a NUL is not written. */
function write(view: RequestView, header: string, value: string): void {
  if (value !== "" && !/[\r\n\0]/.test(value)) view.add(header, value);
}

function claimAt(payload: JsonObject, claim: string): JsonValue | undefined {
  let value: JsonValue | undefined = payload;
  for (const name of claim.split(".")) value = isJsonObject(value) ? value[name] : undefined;
  return value;
}

/** Empty: nothing is written. */
function headerText(value: JsonValue | undefined): string {
  switch (typeof value) {
    case "string":
      return value;
    case "boolean":
      return String(value);
    case "number":
      return numberText(value);
    case "object":
      return value === null ? "" : Buffer.from(compactJson(value), "utf8").toString("base64");
    default:
      return "";
  }
}

/** Whole numbers that are not negative as digits, others with six decimals, as C++ does it. */
function numberText(value: number): string {
  if (value >= 0 && value < 2 ** 64 && Number.isInteger(value)) return BigInt(value).toString();
  return Number.isInteger(value) ? `${BigInt(value)}.000000` : value.toFixed(6);
}

/** As protobuf writes it: without blanks, and with what could be markup escaped. */
function compactJson(value: JsonValue): string {
  return JSON.stringify(value).replaceAll(
    /[<>\u007f-\u009f\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** The payload as policies see it: claims of several words are lists (spec RA-9). */
export function payloadForPolicies(payload: JsonObject, spaceDelimited: readonly string[]): JsonObject {
  const split: Record<string, JsonValue> = Object.create(null);
  let isSplit = false;
  for (const name of spaceDelimited) {
    const value = Object.hasOwn(payload, name) ? payload[name] : undefined;
    if (typeof value !== "string") continue;
    const words = value.split(" ").filter((word) => word !== "");
    if (words.length === 0) continue;
    split[name] = words;
    isSplit = true;
  }
  return isSplit ? Object.assign(Object.create(null), payload, split) : payload;
}

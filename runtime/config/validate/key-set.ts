import { firstJson } from "../json-fault.ts";
import { isRecord } from "../yaml-tree.ts";

/** Why the library that Istio uses does not read a JWK set (or one JWK), in its words. */
export function keySetFault(text: string): string | undefined {
  const start = "failed to unmarshal JWK set:";
  const read = firstJson(text);
  if ("fault" in read) return `${start} ${read.fault}`;
  const { value } = read;
  // The library reads on for the end of an object that never began.
  if (!isRecord(value)) return `${start} error reading token: EOF`;
  const { keys } = value;
  if (!Array.isArray(keys)) {
    const sole = keyFault(value);
    return sole === undefined ? undefined : `${start} failed to parse sole key in key set: ${sole}`;
  }
  for (const [index, key] of keys.entries()) {
    const inner = keyFault(key);
    if (inner !== undefined) return `${start} failed to decode key #${index} in "keys": ${inner}`;
  }
  return undefined;
}

/** Places of keys in a legal set that are more than public. */
export function privateKeys(text: string): readonly number[] {
  const read = firstJson(text);
  if ("fault" in read || !isRecord(read.value)) return [];
  const keys: readonly unknown[] = Array.isArray(read.value["keys"]) ? read.value["keys"] : [read.value];
  return keys.flatMap((key, index) =>
    isRecord(key) && (key["kty"] === "oct" || typeof key["d"] === "string") ? [index] : [],
  );
}

const needed: Readonly<Record<string, readonly string[]>> = {
  RSA: ["n", "e"],
  EC: ["crv", "x", "y"],
  OKP: ["crv", "x"],
  oct: ["k"],
};
const kinds: Readonly<Record<string, string>> = { RSA: "rsa", EC: "ecdsa", OKP: "okp", oct: "symmetric" };

function keyFault(key: unknown): string | undefined {
  const type = isRecord(key) && typeof key["kty"] === "string" ? key["kty"] : "";
  const fields = Object.hasOwn(needed, type) ? needed[type] : undefined;
  if (fields === undefined || !isRecord(key)) return `invalid key type from JSON (${type})`;
  const bad = fields.find((name) => key[name] === undefined);
  const kind = `${kinds[type] ?? ""}.${key["d"] === undefined || type === "oct" ? (type === "oct" ? "SymmetricKey" : "PublicKey") : "PrivateKey"}`;
  if (bad !== undefined) return `failed to unmarshal JSON into key (${kind}): required field ${bad} is missing`;
  const garbled = fields.find((name) => name !== "crv" && !isBase64Url(key[name]));
  return garbled === undefined
    ? undefined
    : `failed to unmarshal JSON into key (${kind}): failed to decode value for key ${garbled}`;
}

function isBase64Url(value: unknown): boolean {
  return typeof value === "string" && /^[-_A-Za-z0-9+/]+=*$/.test(value);
}

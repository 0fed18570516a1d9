import type { X509Certificate } from "node:crypto";
import { readCertificates } from "./certificate.ts";

/** Whether every certificate of `some` is among `all`: what `some` proves, `all` proves too. */
export function containsRoots(all: readonly X509Certificate[], some: readonly X509Certificate[]): boolean {
  if (all === some) return true;
  const known = new Set(all.map(({ fingerprint256 }) => fingerprint256));
  return some.every(({ fingerprint256 }) => known.has(fingerprint256));
}

/** Root certificates of several bundles as one, PEM, each once. */
export function joinRoots(...bundles: readonly string[]): string {
  const all = bundles.flatMap((pem) => readCertificates(pem) ?? []);
  return [...new Map(all.map((each) => [each.fingerprint256, each.toString()])).values()].join("");
}

/** Whether one of two bundles, PEM, holds all of the other: then there is a time in which everybody trusts everybody (spec ID-27). */
export function rootsOverlap(one: string, other: string): boolean {
  const [first, second] = [readCertificates(one) ?? [], readCertificates(other) ?? []];
  return containsRoots(first, second) || containsRoots(second, first);
}

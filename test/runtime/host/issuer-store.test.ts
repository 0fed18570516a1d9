import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, it } from "vitest";
import { issuerFolder, issuerKey } from "../../../runtime/host/issuer-store.ts";

const root = mkdtempSync(join(tmpdir(), "md-issuer-"));

afterEach(() => {
  // Node 24 removes no folder that it may not read.
  if (existsSync(join(root, "issuer"))) chmodSync(join(root, "issuer"), 0o700);
  rmSync(join(root, "issuer"), { recursive: true, force: true });
});

it("makes one key, for its owner alone, and gives it again", () => {
  const folder = join(root, "issuer");
  const key = issuerKey(folder);
  expect(key).toContain("BEGIN PRIVATE KEY");
  expect(issuerKey(folder)).toBe(key);
  expect(readdirSync(folder)).toEqual(["key.pem"]);
  expect([statSync(folder).mode & 0o777, statSync(join(folder, "key.pem")).mode & 0o777]).toEqual([0o700, 0o600]);
});

it("says when it can neither read nor make it", () => {
  writeFileSync(join(root, "issuer"), "a file in the way");
  expect(() => issuerKey(join(root, "issuer"))).toThrow(expect.objectContaining({ code: "MD6010" }));
});

it.skipIf(process.getuid?.() === 0)("reads no folder that is closed", () => {
  mkdirSync(join(root, "issuer"));
  chmodSync(join(root, "issuer"), 0o000);
  expect(() => issuerKey(join(root, "issuer"))).toThrow(/cannot be used/);
});

it("lies beside the CA, outside of the project", () => {
  expect(issuerFolder("/p", { XDG_STATE_HOME: "/state" })).toMatch(/^\/state\/meshdev\/[0-9a-f]+\/issuer$/);
});

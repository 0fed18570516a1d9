import { Ajv2020 } from "ajv/dist/2020.js";
import { expect, it } from "vitest";
import { fidelity, type FidelityOptions } from "../../cli/commands/fidelity.ts";
import { fidelitySchema } from "../../runtime/config/fidelity/fidelity-schema.ts";
import { captured } from "./support/captured.ts";

async function run(kind: string | undefined, options: Partial<FidelityOptions> = {}): Promise<string> {
  const { code, out } = await captured("/", (context) => fidelity(kind, { color: "never", ...options }, context));
  expect(code).toBe(0);
  return out;
}

it("tells of one kind, whatever the case of its name", async () => {
  const out = await run("authorizationpolicy");
  expect(out).toMatch(/^AuthorizationPolicy\nFIELD {2,}STATUS {2,}PROOF {2,}DIFFERENCE\n/);
  expect(out).toMatch(/\nrules\[\]\.to\[\]\.operation\.paths {2,}enforced {2,}security\/\S+ (?:removed|changed)/);
  expect(out).not.toContain("PeerAuthentication");
});

it("tells of one status", async () => {
  const out = await run(undefined, { status: "ignored" });
  expect(out).toMatch(/\nhttp\[\]\.corsPolicy {2,}ignored/);
  expect(out).toMatch(/\n0 enforced, 0 approximated, \d+ ignored/);
});

it("prints JSON by its schema", async () => {
  const value: unknown = JSON.parse(await run(undefined, { output: "json" }));
  const validate = new Ajv2020({ strictTypes: false }).compile(fidelitySchema);
  expect(validate(value), JSON.stringify(validate.errors)).toBe(true);
});

it("refuses a kind that does not exist, and suggests one", async () => {
  await expect(run("AuthorizationPolici")).rejects.toMatchObject({
    code: "MD8001",
    hint: "Did you mean AuthorizationPolicy?",
  });
  await expect(run("Deployment")).rejects.toMatchObject({ code: "MD8001" });
});

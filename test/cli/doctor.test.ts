import { Ajv2020 } from "ajv/dist/2020.js";
import { expect, it } from "vitest";
import { doctorLines } from "../../cli/commands/doctor.ts";
import { asciiGlyphs } from "../../cli/print/glyphs.ts";
import { lineText } from "../../cli/print/segment.ts";
import { examineMachine } from "../../runtime/index.ts";
import { doctorSchema } from "../../runtime/store/doctor-schema.ts";

it("shows a failed check with its reason and the way out", () => {
  const check = { topic: "network pods", outcome: "ok", reason: null, hint: null } as const;
  const lines = doctorLines(
    [
      { ...check, name: "system", title: "Linux" },
      {
        ...check,
        name: "programs",
        title: "all is installed",
        outcome: "failed",
        reason: "nft not found",
        hint: "install nftables",
      },
      { ...check, name: "pod", title: "a pod runs", outcome: "not tried" },
    ],
    asciiGlyphs,
  );
  expect(lines.map(lineText)).toEqual([
    "network pods",
    "  + Linux",
    "  x all is installed: no",
    "      nft not found",
    "      -> install nftables",
    "  - a pod runs: not tried",
  ]);
});

it("keeps to its schema", async () => {
  const checks = await examineMachine();
  expect(new Ajv2020().validate(doctorSchema, { schemaVersion: 1, checks })).toBe(true);
});

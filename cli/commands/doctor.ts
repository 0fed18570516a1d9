import type { Context } from "../context.ts";
import { openDoor, type MachineCheck } from "../door.ts";
import { exitCodes } from "../exit-code.ts";
import type { Glyphs } from "../print/glyphs.ts";
import { chosenOutput, createPrinter, type OutputOptions } from "../print/printer.ts";
import { sanitize } from "../print/sanitize.ts";
import { seg, type Line } from "../print/segment.ts";

/** Tries what meshdev needs of this machine, and says what is missing and how to mend it. */
export async function doctor(options: OutputOptions, context: Context): Promise<number> {
  const checks = await (await openDoor()).examineMachine();
  const printer = createPrinter(context, options.color);
  if (chosenOutput(options) === "json") printer.json({ schemaVersion: 1, checks });
  else printer.lines(doctorLines(checks, printer.glyphs));
  return checks.some((check) => check.outcome === "failed") ? exitCodes.environment : exitCodes.ok;
}

/** A heading per topic, a line per check, and below a failed one its reason and the way out. */
export function doctorLines(checks: readonly MachineCheck[], glyphs: Glyphs): readonly Line[] {
  const topics = [...new Set(checks.map((check) => check.topic))];
  return topics.flatMap((topic): readonly Line[] => [
    [seg(sanitize(topic), "title")],
    ...checks.filter((check) => check.topic === topic).flatMap((check) => checkLines(check, glyphs)),
  ]);
}

function checkLines({ outcome, title, reason, hint }: MachineCheck, glyphs: Glyphs): readonly Line[] {
  switch (outcome) {
    case "ok":
      return [[seg("  "), seg(glyphs.held, "good"), seg(` ${sanitize(title)}`)]];
    case "not tried":
      return [[seg(`  ${glyphs.dot} ${sanitize(title)}: not tried`, "dim")]];
    case "failed":
      return [
        [seg("  "), seg(glyphs.missed, "bad"), seg(` ${sanitize(title)}: no`)],
        ...(reason === null ? [] : [[seg(`      ${sanitize(reason)}`)]]),
        ...(hint === null ? [] : [[seg(`      ${glyphs.arrow} ${sanitize(hint)}`, "info")]]),
      ];
  }
}

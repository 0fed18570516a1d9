import { codes } from "../../runtime/core/codes.ts";
import { MeshError } from "../../runtime/core/error.ts";
import type { ColorChoice, Context } from "../context.ts";
import { exitCodes } from "../exit-code.ts";
import { createPrinter } from "../print/printer.ts";
import { seg } from "../print/segment.ts";
import { isCode } from "../session.ts";

export function explain(text: string, options: { readonly color: ColorChoice }, context: Context): number {
  const code = text.toUpperCase();
  if (!isCode(code)) {
    const near = Object.keys(codes).filter((known) => known.slice(0, 3) === code.slice(0, 3));
    throw new MeshError("MD8005", `there is no code ${text}`, {
      hint: near.length === 0 ? "Codes look like MD1001." : `There are ${near.join(", ")}.`,
    });
  }
  const entry = codes[code];
  createPrinter(context, options.color).lines([
    [seg(code, "strong"), seg(`  ${entry.title}`)],
    [seg("  why   ", "dim"), seg(entry.why)],
    [seg("  next  ", "dim"), seg(entry.next)],
  ]);
  return exitCodes.ok;
}

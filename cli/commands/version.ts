import type { Context } from "../context.ts";
import { exitCodes } from "../exit-code.ts";
import { readPackageInfo } from "../package-info.ts";
import { chosenOutput, createPrinter, type OutputOptions } from "../print/printer.ts";
import { seg } from "../print/segment.ts";

/** The Istio release whose behaviour was recorded and is followed. */
const istio = "1.31-alpha";
const apis = [
  "security.istio.io/v1",
  "security.istio.io/v1beta1",
  "networking.istio.io/v1",
  "networking.istio.io/v1beta1",
  "networking.istio.io/v1alpha3",
] as const;

export function version(options: OutputOptions, context: Context): number {
  const info = readPackageInfo();
  const printer = createPrinter(context, options.color);
  if (chosenOutput(options) === "json") {
    printer.json({
      schemaVersion: 1,
      meshdev: info.version,
      node: process.versions.node,
      platform: `${process.platform}-${process.arch}`,
      istio,
      apis,
    });
  } else {
    printer.lines([
      [seg("meshdev  "), seg(info.version, "strong")],
      [seg(`node     ${process.versions.node} (${process.platform}-${process.arch})`)],
      [seg(`istio    behaves as ${istio}; ${apis.join(", ")}`)],
    ]);
  }
  return exitCodes.ok;
}

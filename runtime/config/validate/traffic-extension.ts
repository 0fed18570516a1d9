import type { Decoded } from "../shape.ts";
import type { trafficExtension } from "../shapes/traffic-extension.ts";
import type { Report } from "./report.ts";
import { validateAttachment } from "./selector.ts";
import { validateModule, validateTrafficMatch } from "./wasm-plugin.ts";

/** Spec traffic 10.2.14. */
export function validateTrafficExtension(spec: Decoded<typeof trafficExtension>, report: Report): void {
  // The two are a oneof: of both the decoder keeps the later one.
  const { lua } = spec;
  const wasm = lua === undefined ? spec.wasm : undefined;
  if (wasm === undefined && lua === undefined) report.refuse("spec", "exactly one of wasm or lua must be set");
  validateAttachment(spec, report);
  if (lua !== undefined) {
    const size = new TextEncoder().encode(lua.inlineCode ?? "").length;
    if (size === 0) report.refuse("spec.lua", "lua.inlineCode cannot be empty");
    if (size > 65536) report.refuse("spec.lua.inlineCode", "lua.inlineCode exceeds maximum size of 64KB");
  }
  if (wasm !== undefined)
    validateModule(wasm, "spec.wasm", "pluginName field must be less than 256 characters long", report);
  validateTrafficMatch(spec.match, report);
}

import { requestUrlFault, urlFault, urlScheme } from "../go-url.ts";
import type { Decoded } from "../shape.ts";
import type { wasmPlugin } from "../shapes/wasm-plugin.ts";
import { type Report, refuseFault } from "./report.ts";
import { validateAttachment } from "./selector.ts";

type Spec = Decoded<typeof wasmPlugin>;

/** Spec traffic 10.2.13. */
export function validateWasmPlugin(spec: Spec, report: Report): void {
  validateAttachment(spec, report);
  validateModule(spec, "spec", "pluginName field must be less than 255 characters long", report);
  validateTrafficMatch(spec.match, report);
}

/** What a WasmPlugin and the `wasm` of a TrafficExtension share. */
export function validateModule(
  module: Pick<Spec, "url" | "sha256" | "imagePullSecret" | "pluginName" | "vmConfig">,
  field: string,
  longName: string,
  report: Report,
): void {
  const { sha256 = "", imagePullSecret = "", pluginName = "" } = module;
  refuseFault(report, `${field}.url`, moduleUrlFault(module.url ?? ""));
  if (sha256 !== "") {
    if (sha256.length !== 64) report.refuse(`${field}.sha256`, "sha256 field must be 64 characters long");
    else if (!/^[a-f0-9]*$/.test(sha256))
      report.refuse(`${field}.sha256`, "sha256 field must match [a-f0-9]{64} pattern");
  }
  if (imagePullSecret.length > 253)
    report.refuse(`${field}.imagePullSecret`, "imagePullSecret field must be less than 253 characters long");
  if (pluginName.length > 256) report.refuse(`${field}.pluginName`, longName);
  const fault = environmentFault(module.vmConfig);
  if (fault !== undefined) report.refuse(`${field}.vmConfig.env[${fault.index}]`, fault.message);
}

function moduleUrlFault(url: string): string | undefined {
  if (url === "") return "url field needs to be set";
  const fault = requestUrlFault(url);
  const absolute = fault === undefined ? url : `http://${url}`;
  if (fault !== undefined && requestUrlFault(absolute) !== undefined) return `failed to parse url: ${fault}`;
  const strict = urlFault(absolute);
  if (strict !== undefined) return `failed to strict parse url: ${strict}`;
  const scheme = urlScheme(absolute);
  return ["", "file", "http", "https", "oci"].includes(scheme)
    ? undefined
    : `url contains unsupported scheme: ${scheme}`;
}

function environmentFault(config: Spec["vmConfig"]): { readonly index: number; readonly message: string } | undefined {
  const names = new Set<string>();
  for (const [index, { name = "", valueFrom = "INLINE", value = "" }] of (config?.env ?? []).entries()) {
    if (name === "") return { index, message: "spec.vmConfig.env invalid" };
    if (name.length > 256) return { index, message: "env.name field must be less than 255 characters long" };
    if (names.has(name)) return { index, message: "duplicate env" };
    names.add(name);
    if (valueFrom !== "INLINE" && value !== "")
      return { index, message: "value may only be set when valueFrom is INLINE" };
  }
  return undefined;
}

/** Only the first fault is told. */
export function validateTrafficMatch(matches: Spec["match"], report: Report): void {
  for (const [index, { ports = [] }] of (matches ?? []).entries()) {
    for (const [number, { number: port = 0 }] of ports.entries()) {
      if (port > 0 && port <= 65535) continue;
      report.refuse(
        `spec.match[${index}].ports[${number}].number`,
        `spec.Match[${index}].Ports[${number}] is out of range: ${port}`,
      );
      return;
    }
  }
}

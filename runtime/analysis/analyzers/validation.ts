import { validateSpec } from "../../config/validate/document.ts";
import { kinds } from "../../config/kinds.ts";
import { isRecord } from "../../config/yaml-tree.ts";
import { message, type Message } from "../message.ts";
import type { AnalyzedObject } from "../object.ts";
import type { Analyzer } from "./analyzer.ts";

/**
 * IST0106, IST0130, IST0131, IST0133: Istio's validation as `istioctl analyze` runs it, which sees neither labels nor annotations
 * (errata E4). `meshdev check` tells its findings itself, with their fields.
 */
export const validation: readonly Analyzer[] = Object.entries(kinds)
  .filter(([, { group, spec }]) => group.endsWith("istio.io") && spec !== undefined)
  .map(([kind]) => ({
    name: `schema.ValidationAnalyzer.${kind}`,
    inputs: [kind],
    analyze: (world) => world.all(kind).flatMap(analyzeObject),
  }));

function analyzeObject(object: AnalyzedObject): readonly Message[] {
  const { name, namespace } = object;
  return validateSpec(object.kind, withoutEmptyMaps(object), { name, namespace, labels: {} }).map((finding) => {
    if (finding.code === "IST0130" || finding.code === "IST0131")
      return message(finding.code, object, `V${finding.message.slice(1)}.`);
    return finding.severity === "warning"
      ? message("IST0133", object, `Schema validation warning: ${finding.message}`)
      : message("IST0106", object, `Schema validation error: ${finding.message}`);
  });
}

/** An empty map does not survive the copy that istioctl analyzes. */
function withoutEmptyMaps({ kind, spec }: AnalyzedObject): unknown {
  const shape = kinds[kind]?.spec;
  if (shape?.kind !== "object") return spec;
  return Object.fromEntries(
    Object.entries(spec).filter(
      ([key, value]) => shape.fields[key]?.kind !== "map" || !isRecord(value) || Object.keys(value).length > 0,
    ),
  );
}

import type { Decoded } from "../../config/shape.ts";
import type { envoyFilter } from "../../config/shapes/envoy-filter.ts";
import { has, text } from "../read.ts";
import { message, type Message } from "../message.ts";
import { type AnalyzedObject, specOf } from "../object.ts";
import type { Analyzer } from "./analyzer.ts";

type Patch = NonNullable<Decoded<typeof envoyFilter>["configPatches"]>[number];

/** IST0151…IST0155: operations of EnvoyFilters that do nothing, or whose effect depends on other filters. */
export const envoyPatches: Analyzer = {
  name: "envoyfilter.EnvoyPatchAnalyzer",
  inputs: ["EnvoyFilter"],
  analyze: (world) => {
    // Names that patches before, for one version of the proxy, were about.
    const versioned: string[] = [];
    return world.all("EnvoyFilter").flatMap((object) => analyzeFilter(object, versioned));
  },
};

const routeKinds = ["ROUTE_CONFIGURATION", "HTTP_ROUTE"];

function analyzeFilter(object: AnalyzedObject, versioned: string[]): readonly Message[] {
  const spec = specOf<typeof envoyFilter>(object);
  const messages: Message[] = [];
  for (const [index, patch] of (spec.configPatches ?? []).entries()) {
    // Istio stops at the first entry without a patch.
    if (patch.patch === undefined) break;
    const field = `spec.configPatches[${index}].patch.value`;
    const name = patchedName(patch);
    const applyTo = patch.applyTo ?? "INVALID";
    const relative = (): void => {
      if ((spec.priority ?? 0) !== 0) return;
      messages.push(
        versioned.includes(name)
          ? message(
              "IST0155",
              object,
              "This EnvoyFilter does not have a priority and has a relative patch operation (NSTERT_BEFORE/AFTER, REPLACE, MERGE, DELETE) and proxyVersion set which can cause the EnvoyFilter not to be applied during an upgrade. Using the INSERT_FIRST or ADD option or setting the priority may help in ensuring the EnvoyFilter is applied correctly.",
              field,
            )
          : message(
              "IST0151",
              object,
              "This EnvoyFilter does not have a priority and has a relative patch operation set which can cause the EnvoyFilter not to be applied. Using the INSERT_FIRST of ADD option or setting the priority may help in ensuring the EnvoyFilter is applied correctly.",
              field,
            ),
      );
    };
    switch (patch.patch.operation) {
      case "ADD":
        if (routeKinds.includes(applyTo)) messages.push(ignoredOperation("IST0153", "ADD", object, field));
        break;
      case "REMOVE":
        if (routeKinds.includes(applyTo)) messages.push(ignoredOperation("IST0154", "REMOVE", object, field));
        else relative();
        break;
      case "REPLACE":
        if (["NETWORK_FILTER", "HTTP_FILTER", "VIRTUAL_HOST"].includes(applyTo)) relative();
        else
          messages.push(
            message(
              "IST0152",
              object,
              "The REPLACE operation is only valid for HTTP_FILTER and NETWORK_FILTER.",
              field,
            ),
          );
        break;
      case "INSERT_BEFORE":
      case "INSERT_AFTER":
        relative();
        break;
      default:
    }
    if ((patch.match?.proxy?.proxyVersion ?? "") !== "") versioned.push(name);
  }
  return messages;
}

function ignoredOperation(
  code: "IST0153" | "IST0154",
  operation: string,
  object: AnalyzedObject,
  field: string,
): Message {
  return message(
    code,
    object,
    `The ${operation} operation will be ignored when applyTo is set to ROUTE_CONFIGURATION, or HTTP_ROUTE.`,
    field,
  );
}

/** The name in the patch; without one that of the filter that the match names. */
function patchedName({ patch, match }: Patch): string {
  const value = patch?.value;
  if (value === undefined) return "";
  if (has(value, "name")) return `string_value:${JSON.stringify(text(value, "name"))}`;
  return match?.listener?.filterChain?.filter?.name ?? "";
}

import type { sidecar } from "../../config/shapes/sidecar.ts";
import type { VirtualService } from "../../config/validate/specs.ts";
import { message } from "../message.ts";
import { specOf } from "../object.ts";
import { number } from "../read.ts";
import type { Analyzer } from "./analyzer.ts";

/** IST0002. That removed kinds of resources are reported too shows on a live cluster only (errata E21). */
export const deprecatedFields: Analyzer = {
  name: "deprecation.DeprecationAnalyzer",
  inputs: ["VirtualService", "Sidecar", "CustomResourceDefinition"],
  analyze: (world) => [
    ...world
      .all("VirtualService")
      .flatMap((object) =>
        ((object.spec as VirtualService).http ?? [])
          .filter(({ fault }) => number(fault, "delay", "percent") > 0)
          .map(() =>
            message(
              "IST0002",
              object,
              "Deprecated: HTTPRoute.fault.delay.percent is deprecated; use HTTPRoute.fault.delay.percentage",
            ),
          ),
      ),
    ...world
      .all("Sidecar")
      .filter((object) => specOf<typeof sidecar>(object).outboundTrafficPolicy?.egressProxy !== undefined)
      .map((object) => message("IST0002", object, "Deprecated: OutboundTrafficPolicy.EgressProxy ignored")),
  ],
};

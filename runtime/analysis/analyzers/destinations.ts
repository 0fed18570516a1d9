import type { Decoded } from "../../config/shape.ts";
import type { destination } from "../../config/shapes/virtual-service.ts";
import type { VirtualService } from "../../config/validate/specs.ts";

/** A destination of a VirtualService with the place that Istio's messages about it point at. */
export interface PlacedDestination {
  readonly to: Decoded<typeof destination>;
  readonly field: string;
  readonly isMirror: boolean;
}

/** Destinations of routes first, those of mirrors after them. */
export function destinationsOf(spec: VirtualService): readonly PlacedDestination[] {
  const routes = (["tcp", "tls", "http"] as const).flatMap((kind) =>
    (spec[kind] ?? []).flatMap((rule, index) =>
      (rule.route ?? []).map((route, number) => ({
        to: route.destination ?? {},
        field: `spec.${kind}[${index}].route[${number}].destination.host`,
        isMirror: false,
      })),
    ),
  );
  const mirrors = (spec.http ?? []).flatMap((rule, index) => [
    ...(rule.mirror === undefined
      ? []
      : [{ to: rule.mirror, field: `spec.http[${index}].mirror.host`, isMirror: true }]),
    ...(rule.mirrors ?? []).map((mirror, number) => ({
      to: mirror.destination ?? {},
      // Istio asks for a field that mirrors do not have, and falls back to the document.
      field: `spec.http[${index}].mirrors[${number}].host`,
      isMirror: true,
    })),
  ]);
  return [...routes, ...mirrors];
}

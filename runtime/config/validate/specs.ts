import type { Decoded } from "../shape.ts";
import type { destinationRule } from "../shapes/destination-rule.ts";
import type { virtualService } from "../shapes/virtual-service.ts";

/** Decoded specs that several validators read. */

export type VirtualService = Decoded<typeof virtualService>;
export type HttpRoute = NonNullable<VirtualService["http"]>[number];
export type HttpMatch = NonNullable<HttpRoute["match"]>[number];
export type StringMatch = NonNullable<HttpMatch["uri"]>;
export type DestinationRule = Decoded<typeof destinationRule>;
export type TrafficPolicy = NonNullable<DestinationRule["trafficPolicy"]>;

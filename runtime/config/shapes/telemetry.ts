import { boolean, duration, enumOf, filled, listOf, mapOf, message, number, string } from "../shape.ts";
import { removeWithoutValue, targetsOrSelector, upsertNeedsValue } from "../shape-rules.ts";
import { policyTargetReference, typeWorkloadSelector } from "./selector.ts";

const tracingSelector = message("istio.telemetry.v1alpha1.Tracing.TracingSelector", {
  mode: enumOf("istio.telemetry.v1alpha1.WorkloadMode", ["CLIENT_AND_SERVER", "CLIENT", "SERVER"]),
});

const providerRef = message(
  "istio.telemetry.v1alpha1.ProviderRef",
  {
    name: filled,
  },
  { required: ["name"] },
);

const literal = message(
  "istio.telemetry.v1alpha1.Tracing.Literal",
  {
    value: filled,
  },
  { required: ["value"] },
);

const environment = message(
  "istio.telemetry.v1alpha1.Tracing.Environment",
  {
    name: filled,
    defaultValue: string,
  },
  { required: ["name"] },
);

const requestHeader = message(
  "istio.telemetry.v1alpha1.Tracing.RequestHeader",
  {
    name: filled,
    defaultValue: string,
  },
  { required: ["name"] },
);

const formatter = message(
  "istio.telemetry.v1alpha1.Tracing.Formatter",
  {
    value: filled,
  },
  { required: ["value"] },
);

const customTag = message(
  "istio.telemetry.v1alpha1.Tracing.CustomTag",
  {
    literal: literal,
    environment: environment,
    header: requestHeader,
    formatter: formatter,
  },
  { oneOf: [["literal", "environment", "header", "formatter"]] },
);

const tracing = message("istio.telemetry.v1alpha1.Tracing", {
  match: tracingSelector,
  providers: listOf(providerRef),
  randomSamplingPercentage: { ...number, min: 0, max: 100, nullable: true },
  disableSpanReporting: { ...boolean, nullable: true },
  customTags: mapOf(customTag),
  useRequestIdForTraceSampling: { ...boolean, nullable: true },
  enableIstioTags: { ...boolean, nullable: true },
  disableContextPropagation: { ...boolean, nullable: true },
});

const metricSelector = message(
  "istio.telemetry.v1alpha1.MetricSelector",
  {
    metric: enumOf("istio.telemetry.v1alpha1.MetricSelector.IstioMetric", [
      "ALL_METRICS",
      "REQUEST_COUNT",
      "REQUEST_DURATION",
      "REQUEST_SIZE",
      "RESPONSE_SIZE",
      "TCP_OPENED_CONNECTIONS",
      "TCP_CLOSED_CONNECTIONS",
      "TCP_SENT_BYTES",
      "TCP_RECEIVED_BYTES",
      "GRPC_REQUEST_MESSAGES",
      "GRPC_RESPONSE_MESSAGES",
    ]),
    customMetric: filled,
    mode: enumOf("istio.telemetry.v1alpha1.WorkloadMode", ["CLIENT_AND_SERVER", "CLIENT", "SERVER"]),
  },
  { oneOf: [["metric", "customMetric"]] },
);

const tagOverride = message(
  "istio.telemetry.v1alpha1.MetricsOverrides.TagOverride",
  {
    operation: enumOf("istio.telemetry.v1alpha1.MetricsOverrides.TagOverride.Operation", ["UPSERT", "REMOVE"]),
    value: string,
  },
  { rules: [upsertNeedsValue, removeWithoutValue] },
);

const metricsOverrides = message("istio.telemetry.v1alpha1.MetricsOverrides", {
  match: metricSelector,
  disabled: { ...boolean, nullable: true },
  tagOverrides: mapOf(tagOverride),
});

const metrics = message("istio.telemetry.v1alpha1.Metrics", {
  providers: listOf(providerRef),
  overrides: listOf(metricsOverrides),
  reportingInterval: duration,
});

const logSelector = message("istio.telemetry.v1alpha1.AccessLogging.LogSelector", {
  mode: enumOf("istio.telemetry.v1alpha1.WorkloadMode", ["CLIENT_AND_SERVER", "CLIENT", "SERVER"]),
});

const filter = message("istio.telemetry.v1alpha1.AccessLogging.Filter", {
  expression: string,
});

const accessLogging = message("istio.telemetry.v1alpha1.AccessLogging", {
  match: logSelector,
  providers: listOf(providerRef),
  disabled: { ...boolean, nullable: true },
  filter: filter,
});

export const telemetry = message(
  "istio.telemetry.v1alpha1.Telemetry",
  {
    selector: typeWorkloadSelector,
    targetRef: policyTargetReference,
    targetRefs: listOf(policyTargetReference, { max: 16 }),
    tracing: listOf(tracing),
    metrics: listOf(metrics),
    accessLogging: listOf(accessLogging),
  },
  { rules: [targetsOrSelector] },
);

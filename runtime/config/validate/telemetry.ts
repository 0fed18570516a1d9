import { celFault } from "../cel-syntax.ts";
import type { Decoded } from "../shape.ts";
import type { telemetry } from "../shapes/telemetry.ts";
import { type Report, refuseFault } from "./report.ts";
import { validateAttachment } from "./selector.ts";

type Spec = Decoded<typeof telemetry>;
type Metrics = NonNullable<Spec["metrics"]>[number];
type Tracing = NonNullable<Spec["tracing"]>[number];

/** Spec traffic 10.2.11. */
export function validateTelemetry(spec: Spec, report: Report): void {
  validateAttachment(spec, report);
  for (const [index, metrics] of (spec.metrics ?? []).entries())
    validateMetrics(metrics, `spec.metrics[${index}]`, report);
  const tracing = spec.tracing ?? [];
  if (tracing.length > 1) report.warn("spec.tracing", "multiple tracing is not currently supported");
  for (const [index, each] of tracing.entries()) validateTracing(each, `spec.tracing[${index}]`, report);
  for (const [index, { filter, providers }] of (spec.accessLogging ?? []).entries()) {
    const field = `spec.accessLogging[${index}]`;
    if (filter !== undefined) {
      const fault = celFault(filter.expression ?? "");
      if (fault !== undefined) report.refuse(`${field}.filter.expression`, `must be a valid CEL expression, ${fault}`);
    }
    validateProviders(providers, field, report);
  }
}

function validateProviders(providers: Metrics["providers"], field: string, report: Report): void {
  const index = (providers ?? []).findIndex(({ name = "" }) => name === "");
  if (index !== -1) report.refuse(`${field}.providers[${index}].name`, "providers.name may not be empty");
}

function validateTracing(tracing: Tracing, field: string, report: Report): void {
  if ((tracing.providers ?? []).length > 1)
    report.warn(`${field}.providers`, "multiple providers is not currently supported");
  validateProviders(tracing.providers, field, report);
  const share = tracing.randomSamplingPercentage ?? 0;
  if (share < 0 || share > 100)
    report.refuse(`${field}.randomSamplingPercentage`, "randomSamplingPercentage must be in range [0.0, 100.0]");
  for (const [name, tag] of Object.entries(tracing.customTags ?? {})) {
    const at = `${field}.customTags.${name}`;
    if (name === "") report.refuse(at, "tag name may not be empty");
    // Of several alternatives the last that the message declares counts.
    if (tag.formatter !== undefined) continue;
    if (tag.header !== undefined) {
      if ((tag.header.name ?? "") === "") report.refuse(`${at}.header`, "header tag name may not be empty");
    } else if (tag.environment !== undefined) {
      if ((tag.environment.name ?? "") === "")
        report.refuse(`${at}.environment`, "environment tag name may not be empty");
    } else if (tag.literal !== undefined && (tag.literal.value ?? "") === "")
      report.refuse(`${at}.literal`, "literal tag value may not be empty");
  }
}

function validateMetrics(metrics: Metrics, field: string, report: Report): void {
  validateProviders(metrics.providers, field, report);
  for (const [index, { tagOverrides = {}, match }] of (metrics.overrides ?? []).entries()) {
    const at = `${field}.overrides[${index}]`;
    for (const [name, tag] of Object.entries(tagOverrides)) {
      const tagField = `${at}.tagOverrides.${name}`;
      if (name === "") report.warn(tagField, "tagOverrides.name may not be empty");
      const { operation = "UPSERT", value = "" } = tag;
      if (operation === "UPSERT" && value === "")
        report.refuse(tagField, "tagOverrides.value must be set when operation is UPSERT");
      if (operation === "REMOVE" && value !== "")
        report.refuse(tagField, "tagOverrides.value may only be set when operation is UPSERT");
    }
    if (match?.customMetric === "") refuseFault(report, `${at}.match.customMetric`, "customMetric may not be empty");
  }
}

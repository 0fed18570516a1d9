import type { Checked, Problem } from "../core/problem.ts";
import type { HttpRetry } from "../model/istio-networking.ts";
import type { MeshConfig, PathNormalization } from "../model/mesh.ts";
import { readExtensionProviders } from "./extension-providers.ts";
import { isDnsLabel } from "./names.ts";
import { boolean, checkedFields, knownFields } from "./mesh-config-fields.ts";
import { readProxyConfig } from "./proxy-config.ts";
import { checkShape } from "./shape-check.ts";
import { didYouMean } from "./suggestion.ts";
import { isRecord } from "./yaml-tree.ts";

/** Istio's MeshConfig with its defaults filled in. Field paths of problems begin with `meshConfig`. */
export function resolveMeshConfig(raw: Readonly<Record<string, unknown>>): Checked<MeshConfig> {
  const problems: Problem[] = [];
  const wrong = (field: string, message: string, hint?: string): void => {
    problems.push({
      code: "MD2013",
      severity: "error",
      message,
      field: `meshConfig.${field}`,
      ...(hint === undefined ? {} : { hint }),
    });
  };
  for (const key of Object.keys(raw)) {
    if (knownFields.includes(key)) continue;
    const meant = didYouMean(key, knownFields);
    wrong(
      key,
      `MeshConfig has no field ${key}`,
      meant === undefined ? "see Istio's reference of MeshConfig" : `${key}: ${meant}`,
    );
  }
  for (const [key, shape] of Object.entries(checkedFields)) {
    if (raw[key] === undefined) continue;
    for (const finding of checkShape(raw[key], shape, key)) wrong(finding.field, finding.message, finding.hint);
  }
  const rootNamespace = text(raw["rootNamespace"]) ?? "istio-system";
  if (rootNamespace !== "" && !isDnsLabel(rootNamespace))
    wrong("rootNamespace", `rootNamespace: ${rootNamespace} is not a namespace`);
  const trustDomain = text(raw["trustDomain"]) ?? "cluster.local";
  if (!isTrustDomain(trustDomain)) wrong("trustDomain", `trustDomain: ${trustDomain} is not a domain name`);
  for (const [index, alias] of list(raw["trustDomainAliases"]).entries())
    if (!isTrustDomain(alias))
      wrong(`trustDomainAliases[${index}]`, `trustDomainAliases: ${alias} is not a domain name`);
  const proxy = readProxyConfig(raw["defaultConfig"], "defaultConfig");
  for (const { field, message } of proxy.findings) wrong(field, message);
  if (problems.length > 0) return { problems };
  const extensions = readExtensionProviders(raw["extensionProviders"]);
  return {
    problems: extensions.problems,
    value: {
      rootNamespace: rootNamespace === "" ? "istio-system" : rootNamespace,
      trustDomain,
      trustDomainAliases: list(raw["trustDomainAliases"]),
      enableAutoMtls: boolean(raw["enableAutoMtls"]) ?? true,
      outboundTrafficPolicy:
        inner(raw["outboundTrafficPolicy"], "mode") === "REGISTRY_ONLY" ? "REGISTRY_ONLY" : "ALLOW_ANY",
      pathNormalization: normalization(inner(raw["pathNormalization"], "normalization")),
      minProtocolVersion: inner(raw["meshMTLS"], "minProtocolVersion") === "TLSV1_3" ? "TLSV1_3" : "TLSV1_2",
      h2UpgradePolicy: raw["h2UpgradePolicy"] === "UPGRADE" ? "UPGRADE" : "DO_NOT_UPGRADE",
      defaultServiceExportTo: exportTo(raw["defaultServiceExportTo"]),
      defaultVirtualServiceExportTo: exportTo(raw["defaultVirtualServiceExportTo"]),
      defaultDestinationRuleExportTo: exportTo(raw["defaultDestinationRuleExportTo"]),
      defaultConfig: proxy.config,
      defaultHttpRetryPolicy: retryPolicy(raw["defaultHttpRetryPolicy"]),
      extensionProviders: extensions.providers,
      raw,
    },
  };
}

/** DEFAULT and absent mean BASE (spec AP-71). */
function normalization(value: string | undefined): PathNormalization {
  return value === "NONE" || value === "MERGE_SLASHES" || value === "DECODE_AND_MERGE_SLASHES" ? value : "BASE";
}

function exportTo(value: unknown): readonly string[] {
  const values = list(value);
  return values.length === 0 ? ["*"] : values;
}

function retryPolicy(value: unknown): HttpRetry | undefined {
  return isRetry(value) ? value : undefined;
}

/** Its shape was checked above. */
function isRetry(value: unknown): value is HttpRetry {
  return isRecord(value);
}

/** Labels of a host name; Istio allows `@` in a trust domain and writes it as `.` (spec ID-3). */
function isTrustDomain(value: string): boolean {
  return (
    value.length > 0 &&
    value.length <= 255 &&
    value.split(/[.@]/).every((label) => /^[A-Za-z0-9](?:[-A-Za-z0-9_]*[A-Za-z0-9])?$/.test(label))
  );
}

function inner(value: unknown, key: string): string | undefined {
  return isRecord(value) ? text(value[key]) : undefined;
}

function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function list(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}

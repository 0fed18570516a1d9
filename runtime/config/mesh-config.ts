import type { Checked, Problem } from "../core/problem.ts";
import type { HttpRetry } from "../model/istio-networking.ts";
import type { MeshConfig, PathNormalization } from "../model/mesh.ts";
import { parseDuration } from "./duration.ts";
import { readExtensionProviders } from "./extension-providers.ts";
import { isDnsLabel } from "./names.ts";
import { boolean, checkedFields, knownFields } from "./mesh-config-fields.ts";
import { readProxyConfig } from "./proxy-config.ts";
import { checkShape } from "./shape-check.ts";
import { didYouMean } from "./suggestion.ts";
import { durationFault } from "./validate/values.ts";
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
  const fault = trustDomainFault(trustDomain);
  if (fault !== undefined) wrong("trustDomain", `trustDomain: ${fault}`, trustDomainHint);
  for (const [index, alias] of list(raw["trustDomainAliases"]).entries()) {
    const found = trustDomainFault(alias);
    const field = `trustDomainAliases[${index}]`;
    if (found !== undefined) wrong(field, `${field}, domain '${alias}' : ${found}`, trustDomainHint);
  }
  const timeout = connectTimeoutFault(text(raw["connectTimeout"]));
  if (timeout !== undefined) wrong("connectTimeout", `invalid connect timeout: ${timeout}`);
  if (isRecord(raw["meshMTLS"]) && raw["meshMTLS"]["ecdhCurves"] !== undefined)
    wrong("meshMTLS.ecdhCurves", "mesh TLS does not support ECDH curves configuration", "remove it");
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

/** In istiod's words. The last label may be empty: `corp.example.` */
function trustDomainFault(value: string): string | undefined {
  if (value === "") return "empty domain name not allowed";
  const labels = value.split(".");
  const isSound = labels.every((label, at) => isHostLabel(label) || (label === "" && at === labels.length - 1));
  return isSound ? undefined : `trust domain name "${value}" invalid`;
}

/** As Istio reads them, in either case. */
function isHostLabel(text: string): boolean {
  return isDnsLabel(text.toLowerCase());
}

const trustDomainHint = "labels of letters, digits and dashes with dots between them, 63 characters each at most";

/** From a millisecond to an hour, in whole milliseconds, as istiod checks it. */
function connectTimeoutFault(value: string | undefined): string | undefined {
  const milliseconds = value === undefined ? undefined : parseDuration(value);
  // One that is none is told by its shape.
  if (milliseconds === undefined) return undefined;
  return durationFault(value) ?? (milliseconds > 3_600_000 ? `time ${value} must be >1ms and <1h0m0s` : undefined);
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

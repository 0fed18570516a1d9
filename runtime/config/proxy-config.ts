import type { Problem } from "../core/problem.ts";
import type { ForwardedClientCert, ProxyConfig, ProxyHeaders } from "../model/proxy-config.ts";
import { boolean, object, oneOfValues, type Shape, string } from "./shape.ts";
import { checkShape } from "./shape-check.ts";
import { sourceText } from "./source-text.ts";
import { isRecord, parseYaml } from "./yaml-tree.ts";

const certModes: readonly ForwardedClientCert[] = [
  "UNDEFINED",
  "SANITIZE",
  "FORWARD_ONLY",
  "APPEND_FORWARD",
  "SANITIZE_SET",
  "ALWAYS_FORWARD_ONLY",
];
const switchShape = object({ disabled: boolean });
const enabledShape = object({ enabled: boolean });

/** `proxyHeaders`; of `metadataExchangeHeaders` nothing is left to switch: those headers are never sent here. */
const proxyHeadersShape: Shape = object({
  server: object({ disabled: boolean, value: string }),
  requestId: switchShape,
  attemptCount: switchShape,
  envoyDebugHeaders: switchShape,
  forwardedClientCert: oneOfValues(...certModes),
  setCurrentClientCertDetails: object({ subject: boolean, dns: boolean, uri: boolean, cert: boolean, chain: boolean }),
  metadataExchangeHeaders: object({ mode: oneOfValues("UNDEFINED", "IN_MESH") }),
  preserveHttp1HeaderCase: boolean,
  xForwardedHost: enabledShape,
  xForwardedPort: enabledShape,
});

/** All of a ProxyConfig that is obeyed, in MeshConfig's `defaultConfig` and in annotations. */
export const proxyConfigShape: Shape = object({
  proxyHeaders: proxyHeadersShape,
  proxyMetadata: object({ ISTIO_META_HTTP10: string }),
});

/** Where it differs from Istio's. */
export const proxyConfigDepartures = [
  { path: "proxyConfig.proxyHeaders.preserveHttp1HeaderCase" },
  {
    path: "proxyConfig.proxyHeaders.metadataExchangeHeaders",
    status: "approximated",
    note: "those headers are never sent here, so there is nothing to switch off",
  },
  {
    path: "proxyConfig (every other field)",
    note: "`gatewayTopology` concerns gateways: a sidecar takes the last address of X-Forwarded-For, in Istio too",
  },
] as const;

export interface ReadProxyConfig {
  readonly config: ProxyConfig;
  /** What is wrong with it: field and message. */
  readonly findings: readonly { readonly field: string; readonly message: string }[];
  /** Fields that are kept but have no effect. */
  readonly unenforced: readonly string[];
}

/** Reads a ProxyConfig that stands in MeshConfig's `defaultConfig` or in an annotation. `field`: where it stands. */
export function readProxyConfig(value: unknown, field: string): ReadProxyConfig {
  if (value === undefined || value === null) return { config: {}, findings: [], unenforced: [] };
  if (!isRecord(value)) {
    return { config: {}, findings: [{ field, message: `${field} must be an object` }], unenforced: [] };
  }
  const headers = value["proxyHeaders"];
  const findings = headers === undefined ? [] : checkShape(headers, proxyHeadersShape, `${field}.proxyHeaders`);
  const metadata = isRecord(value["proxyMetadata"]) ? value["proxyMetadata"] : {};
  const http10 = metadata["ISTIO_META_HTTP10"];
  return {
    config: {
      ...(findings.length === 0 && isProxyHeaders(headers) ? { proxyHeaders: headers } : {}),
      ...(http10 === undefined ? {} : { http10: http10 === "1" }),
    },
    findings,
    unenforced: [
      ...Object.keys(value).filter((key) => key !== "proxyHeaders" && key !== "proxyMetadata"),
      ...Object.keys(metadata)
        .filter((key) => key !== "ISTIO_META_HTTP10")
        .map((key) => `proxyMetadata.${key}`),
      ...unenforcedHeaders(headers),
    ].map((key) => `${field}.${key}`),
  };
}

function unenforcedHeaders(headers: unknown): readonly string[] {
  if (!isRecord(headers)) return [];
  return headers["preserveHttp1HeaderCase"] === true ? ["proxyHeaders.preserveHttp1HeaderCase"] : [];
}

/** Its shape was checked before. */
function isProxyHeaders(value: unknown): value is ProxyHeaders {
  return isRecord(value);
}

export const proxyConfigAnnotation = "proxy.istio.io/config";

/** The ProxyConfig in a workload's annotation; text that is not YAML says nothing, and that is told. */
export function readProxyConfigAnnotation(text: string): ReadProxyConfig {
  const field = `annotations.${proxyConfigAnnotation}`;
  const file = parseYaml(sourceText({ path: proxyConfigAnnotation, text }), "kubernetes");
  const [problem] = [...file.problems, ...file.trees.flatMap((tree) => tree?.problems ?? [])];
  if (problem === undefined) return readProxyConfig(file.trees[0]?.value, field);
  return { config: {}, findings: [{ field, message: `${field} cannot be read: ${problem.message}` }], unenforced: [] };
}

/** What is said of a field that is kept without effect. Of `gatewayTopology` sidecars take nothing in Istio either (spec security AP-26). */
export function unenforcedMessage(field: string): string {
  return field.endsWith(".gatewayTopology")
    ? `${field} concerns gateways, and there are none here: a sidecar takes the last address of X-Forwarded-For, in Istio too`
    : `${field} is read but not enforced`;
}

/** Fields of a ProxyConfig that have no effect here. */
export function unenforcedProxyConfig(read: ReadProxyConfig): readonly Problem[] {
  const problem = (field: string, message: string): Problem => ({
    code: "MD2001",
    severity: "warning",
    message,
    field,
  });
  return [
    ...read.findings.map(({ field, message }) => problem(field, `${message}; it has no effect`)),
    ...read.unenforced.map((field) => problem(field, unenforcedMessage(field))),
  ];
}

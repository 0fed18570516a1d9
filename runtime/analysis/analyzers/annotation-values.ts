import { quote } from "../../config/go-text.ts";
import { cidrFault } from "../../config/ip-text.ts";

type Check = (value: string) => string | undefined;

/** Why Istio cannot read the value of one of its annotations, in its words. */
export function annotationFault(name: string, value: string): string | undefined {
  const check = Object.hasOwn(checks, name) ? checks[name] : undefined;
  return check?.(value);
}

const traffic = "traffic.sidecar.istio.io";

const checks: Readonly<Record<string, Check>> = {
  "sidecar.istio.io/interceptionMode": (mode) =>
    ["REDIRECT", "TPROXY", "NONE"].includes(mode)
      ? undefined
      : `interceptionMode invalid, use REDIRECT,TPROXY,NONE: ${mode}`,
  "status.sidecar.istio.io/port": (port) => prefixed("excludeInboundPorts invalid", portFault(port)),
  "readiness.status.sidecar.istio.io/initialDelaySeconds": (value) => unsignedFault(value, 32),
  "readiness.status.sidecar.istio.io/periodSeconds": (value) => unsignedFault(value, 32),
  "readiness.status.sidecar.istio.io/failureThreshold": (value) => unsignedFault(value, 32),
  [`${traffic}/includeOutboundIPRanges`]: (ranges) =>
    ranges === "*" ? undefined : prefixed("includeIPRanges invalid", rangesFault(ranges)),
  [`${traffic}/excludeOutboundIPRanges`]: (ranges) => prefixed("excludeIPRanges invalid", rangesFault(ranges)),
  [`${traffic}/includeInboundPorts`]: (ports) =>
    ports === "*" ? undefined : prefixed("includeInboundPorts invalid", portsFault(ports)),
  [`${traffic}/excludeInboundPorts`]: (ports) => prefixed("excludeInboundPorts invalid", portsFault(ports)),
  [`${traffic}/excludeOutboundPorts`]: (ports) => prefixed("excludeOutboundPorts invalid", portsFault(ports)),
  "prometheus.istio.io/merge-metrics": (value) =>
    /^(?:1|t|T|TRUE|true|True|0|f|F|FALSE|false|False)$/.test(value)
      ? undefined
      : `strconv.ParseBool: parsing ${quote(value)}: invalid syntax`,
  "sidecar.istio.io/proxyCPU": quantityFault,
  "sidecar.istio.io/proxyCPULimit": quantityFault,
  "sidecar.istio.io/proxyMemory": quantityFault,
  "sidecar.istio.io/proxyMemoryLimit": quantityFault,
};

function prefixed(start: string, fault: string | undefined): string | undefined {
  return fault === undefined ? undefined : `${start}: ${fault}`;
}

function unsignedFault(text: string, bits: 16 | 32): string | undefined {
  if (!/^\d+$/.test(text)) return `strconv.ParseUint: parsing ${quote(text)}: invalid syntax`;
  return Number(text) >= 2 ** bits ? `strconv.ParseUint: parsing ${quote(text)}: value out of range` : undefined;
}

function portFault(port: string): string | undefined {
  return prefixed(`failed parsing port '${port}'`, unsignedFault(port.trim(), 16));
}

function portsFault(ports: string): string | undefined {
  const trimmed = ports.trim();
  if (trimmed === "") return undefined;
  for (const port of trimmed.split(",")) {
    const fault = portFault(port);
    if (fault !== undefined) return `failed parsing port '${port}': ${fault}`;
  }
  return undefined;
}

function rangesFault(ranges: string): string | undefined {
  if (ranges === "") return undefined;
  for (const range of ranges.split(",")) {
    const fault = range.includes("/") ? cidrFault(range) : `netip.ParsePrefix(${quote(range)}): no '/'`;
    if (fault !== undefined) return `failed parsing cidr '${range}': ${fault}`;
  }
  return undefined;
}

/** A Kubernetes quantity, such as `100m` or `1Gi`. */
function quantityFault(value: string): string | undefined {
  if (/\p{Cc}/u.test(value)) return "value contains control characters";
  return /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[numkMGTPE]|[KMGTPE]i|[eE][+-]?\d+)?$/.test(value)
    ? undefined
    : "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
}

import { isLabel } from "./domain.ts";
import { requestUrlFault, urlFault, urlScheme } from "./go-url.ts";
import type { ShapeRule } from "./shape-rule.ts";
import { isRecord } from "./yaml-tree.ts";

/** CEL's `has(self.key)`. */
function has(value: unknown, key: string): boolean {
  return isRecord(value) && value[key] !== undefined;
}

function get(value: unknown, key: string): unknown {
  return isRecord(value) ? value[key] : undefined;
}

function atMostOneOf(message: string, ...keys: readonly string[]): ShapeRule {
  return { message, holds: (value) => keys.filter((key) => has(value, key)).length <= 1, hint: "keep one of them" };
}

function ofText(message: string, holds: (text: string) => boolean, hint?: string): ShapeRule {
  return {
    message,
    holds: (value) => typeof value === "string" && holds(value),
    ...(hint === undefined ? {} : { hint }),
  };
}

function ofKeys(message: string, holds: (key: string) => boolean): ShapeRule {
  return { message, holds: (value) => !isRecord(value) || Object.keys(value).every(holds) };
}

export const targetsOrSelector = atMostOneOf(
  "only one of targetRefs or selector can be set",
  "selector",
  "targetRef",
  "targetRefs",
);
export const targetsOrWorkloadSelector = atMostOneOf(
  "only one of targetRefs or workloadSelector can be set",
  "workloadSelector",
  "targetRefs",
);
export const jwksOrUri = atMostOneOf("only one of jwks or jwksUri can be set", "jwksUri", "jwks_uri", "jwks");
export const selectorOrEndpoints = atMostOneOf(
  "only one of WorkloadSelector or Endpoints can be set",
  "workloadSelector",
  "endpoints",
);
export const credentialNameOrNames = atMostOneOf(
  "only one of credentialName or credentialNames can be set",
  "credentialName",
  "credentialNames",
);
/** The rule's text names credentialName; its expression reads credentialNames. */
export const credentialNameOrTlsCertificates = atMostOneOf(
  "only one of credentialName or tlsCertificates can be set",
  "credentialNames",
  "tlsCertificates",
);
export const credentialNamesOrTlsCertificates = atMostOneOf(
  "only one of credentialNames or tlsCertificates can be set",
  "tlsCertificates",
  "credentialNames",
);
export const wasmOrLua: ShapeRule = {
  message: "exactly one of wasm or lua must be set",
  holds: (value) => has(value, "wasm") !== has(value, "lua"),
};

export const serviceAccountsAlone: ShapeRule = {
  message: "Cannot set serviceAccounts with namespaces or principals",
  holds: (value) =>
    !(has(value, "serviceAccounts") || has(value, "notServiceAccounts")) ||
    !["principals", "notPrincipals", "namespaces", "notNamespaces"].some((key) => has(value, key)),
  hint: "use two entries of `from`, or principals alone",
};
export const portLevelNeedsSelector: ShapeRule = {
  message: "portLevelMtls requires selector",
  holds: (value) => {
    const labels = get(get(value, "selector"), "matchLabels");
    return !has(value, "portLevelMtls") || (isRecord(labels) && Object.keys(labels).length > 0);
  },
};

export const noEmptyKey = ofKeys("key must not be empty", (key) => key !== "");
export const noStarInKeys = ofKeys("wildcard not allowed in label key match", (key) => !key.includes("*"));
export const noStarInValue = ofText("wildcard not allowed in label value match", (text) => !text.includes("*"));
export const noStar = ofText("wildcard is not supported in selector", (text) => !text.includes("*"));
export const noNamespace = ofText(
  "cross namespace referencing is not currently supported",
  (text) => text === "",
  "remove it",
);
export const portsAsKeys = ofKeys(
  "port must be between 1-65535",
  (key) => /^[+-]?\d+$/.test(key) && Number(key) > 0 && Number(key) <= 65535,
);
export const portNames = ofKeys("port name must be valid", (key) => key.length < 63 && isLabel(key));
export const portRange: ShapeRule = {
  message: "port must be between 1-65535",
  holds: (value) => typeof value === "number" && value > 0 && value <= 65535,
};
export const portNumbersOnce: ShapeRule = {
  message: "port number cannot be duplicated",
  holds: (value) => {
    const numbers = Array.isArray(value) ? value.map((port: unknown) => get(port, "number")) : [];
    return new Set(numbers).size === numbers.length;
  },
};

/** What CEL's `url(text).getScheme()` gives; undefined when it is no URL to it. */
function celUrlScheme(text: string): string | undefined {
  return requestUrlFault(text) === undefined && urlFault(text) === undefined ? urlScheme(text) : undefined;
}

export const httpUrl = ofText(
  "url must have scheme http:// or https://",
  (text) => celUrlScheme(text) === "http" || celUrlScheme(text) === "https",
);
const moduleSchemes = ["", "http", "https", "file", "oci"];
export const moduleUrl = ofText("url must have schema one of [http, https, file, oci]", (text) =>
  moduleSchemes.includes(celUrlScheme(requestUrlFault(text) === undefined ? text : `http://${text}`) ?? "no URL"),
);

export const probeScheme = ofText("scheme must be one of [HTTP, HTTPS]", (text) =>
  ["", "HTTP", "HTTPS"].includes(text),
);
export const notWildcard = ofText("hostname cannot be wildcard", (text) => text !== "*");
export const socketAbsolute = ofText(
  "UDS must be an absolute path or abstract socket",
  (text) => !text.startsWith("unix://") || text[7] === "/" || text[7] === "@",
);
export const socketNotFolder = ofText(
  "UDS may not be a dir",
  (text) => !text.startsWith("unix://") || !text.endsWith("/"),
);
function isSocket(address: unknown): boolean {
  return typeof address === "string" && address.startsWith("unix://");
}

export const socketWithoutPorts: ShapeRule = {
  message: "UDS may not include ports",
  holds: (value) => !isSocket(get(value, "address")) || !has(value, "ports"),
};
export const addressRequired: ShapeRule = {
  message: "Address is required",
  holds: (value) => has(value, "address") || has(value, "network"),
};

export const cidrNeedsStatic: ShapeRule = {
  message: "CIDR addresses are allowed only for NONE/STATIC resolution types",
  holds: (value) => {
    const addresses = get(value, "addresses");
    return (
      !(Array.isArray(addresses) && addresses.some((address) => String(address).includes("/"))) ||
      ["STATIC", "NONE", undefined].some((resolution) => get(value, "resolution") === resolution)
    );
  },
};
export const noneWithoutEndpoints: ShapeRule = {
  message: "NONE mode cannot set endpoints",
  holds: (value) => (get(value, "resolution") ?? "NONE") !== "NONE" || !has(value, "endpoints"),
};
export const roundRobinOneEndpoint: ShapeRule = {
  message: "DNS_ROUND_ROBIN mode cannot have multiple endpoints",
  holds: (value) => {
    const endpoints = get(value, "endpoints");
    return get(value, "resolution") !== "DNS_ROUND_ROBIN" || !Array.isArray(endpoints) || endpoints.length <= 1;
  },
};

export const waypointContext: ShapeRule = {
  message: "only support waypointMatch when context is WAYPOINT",
  holds: (value) => (get(value, "context") === "WAYPOINT") === has(value, "waypoint"),
};
export const valueInline: ShapeRule = {
  message: "value may only be set when valueFrom is INLINE",
  holds: (value) => get(value, "valueFrom") !== "HOST" || !has(value, "value"),
};
export const upsertNeedsValue: ShapeRule = {
  message: "value must be set when operation is UPSERT",
  holds: (value) => get(value, "operation") !== "UPSERT" || (has(value, "value") && get(value, "value") !== ""),
};
export const removeWithoutValue: ShapeRule = {
  message: "value must not be set when operation is REMOVE",
  holds: (value) => get(value, "operation") !== "REMOVE" || !has(value, "value"),
};

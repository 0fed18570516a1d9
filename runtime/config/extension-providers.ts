import type { Problem } from "../core/problem.ts";
import type { ExtAuthzSettings, ExtensionProvider, HttpCheckSettings } from "../model/ext-authz.ts";
import { parseDuration } from "./duration.ts";
import { boolean, duration, listOf, mapOf, object, type Shape, string, uint32 } from "./shape.ts";
import { isRecord } from "./yaml-tree.ts";

const common = { service: string, port: uint32, timeout: duration, failOpen: boolean, statusOnError: string };
const bodyShape = object({ maxRequestBytes: uint32, allowPartialMessage: boolean, packAsBytes: boolean });
/** Kept for other tools; sidecars here ask no such provider. */
export const otherProviders = [
  "zipkin",
  "lightstep",
  "datadog",
  "stackdriver",
  "opencensus",
  "skywalking",
  "opentelemetry",
  "prometheus",
  "envoyFileAccessLog",
  "envoyHttpAls",
  "envoyTcpAls",
  "envoyOtelAls",
  "sds",
] as const;

const providerShape: Shape = object({
  name: string,
  envoyExtAuthzHttp: object({
    ...common,
    pathPrefix: string,
    includeHeadersInCheck: listOf(string),
    includeRequestHeadersInCheck: listOf(string),
    includeAdditionalHeadersInCheck: mapOf(string),
    includeRequestBodyInCheck: bodyShape,
    headersToUpstreamOnAllow: listOf(string),
    headersToDownstreamOnAllow: listOf(string),
    headersToDownstreamOnDeny: listOf(string),
    clearRouteCache: boolean,
  }),
  envoyExtAuthzGrpc: object({ ...common, includeRequestBodyInCheck: bodyShape, clearRouteCache: boolean }),
  ...Object.fromEntries(otherProviders.map((kind) => [kind, { kind: "any" } as const])),
});

export const extensionProvidersShape: Shape = listOf(providerShape);

/** Spec CU-10: a provider that hangs holds requests for ten minutes. */
const defaultTimeoutMs = 600_000;

/** The providers of a MeshConfig whose shape is right. What is wrong with one is a warning: its policies then refuse (spec CU-4, VA-43). */
export function readExtensionProviders(raw: unknown): {
  readonly providers: readonly ExtensionProvider[];
  readonly problems: readonly Problem[];
} {
  const entries = Array.isArray(raw) ? raw.filter(isRecord) : [];
  const problems: Problem[] = [];
  const byName = new Map<string, ExtensionProvider>();
  for (const [index, entry] of entries.entries()) {
    const name = text(entry["name"]);
    const provider = readProvider(entry, index, byName.has(name));
    byName.set(name, provider);
    for (const fault of provider.faults) {
      problems.push({
        code: "MD2013",
        severity: "warning",
        message: `extension provider ${name === "" ? `[${index}]` : name}: ${fault}`,
        hint: "until it is right, what its CUSTOM policies match is refused",
        field: `meshConfig.extensionProviders[${index}]`,
      });
    }
  }
  return { providers: [...byName.values()], problems };
}

function readProvider(entry: Readonly<Record<string, unknown>>, index: number, known: boolean): ExtensionProvider {
  const name = text(entry["name"]);
  const http = entry["envoyExtAuthzHttp"];
  const grpc = entry["envoyExtAuthzGrpc"];
  const faults: string[] = [];
  if (name === "") faults.push(`name must not be empty, found empty at index: ${index}`);
  else {
    if (known) faults.push(`name must be unique, found duplicate: ${name}`);
    faults.push(...nameFaults(name).map((fault) => `invalid provider name "${name}": ${fault}`));
  }
  const given = isRecord(http) ? http : isRecord(grpc) ? grpc : undefined;
  if (given === undefined) return { name, faults, settings: undefined };
  const read = readSettings(given, isRecord(http) ? httpSettings(http, faults) : undefined, faults);
  return { name, faults, settings: faults.length === 0 ? read : undefined };
}

/** DNS labels, read character by character as Istio tells it. */
function nameFaults(name: string): readonly string[] {
  if (name.length > 63) return [`provider name too long (max 63 characters): ${name.length}`];
  for (let at = 0; at < name.length; at += 1) {
    const character = name.charAt(at);
    if (/[A-Z]/.test(character))
      return [`uppercase letters not allowed (use lowercase): character '${character}' at position ${at}`];
    if (!/[a-z0-9-]/.test(character))
      return [
        `invalid character '${character}' at position ${at} (only lowercase letters, digits, and hyphens allowed)`,
      ];
  }
  return name.startsWith("-") || name.endsWith("-") ? ["provider name cannot start or end with hyphen"] : [];
}

function readSettings(
  given: Readonly<Record<string, unknown>>,
  http: HttpCheckSettings | undefined,
  faults: string[],
): ExtAuthzSettings {
  const service = text(given["service"]);
  if (service === "") faults.push("service must not be empty");
  const port = typeof given["port"] === "number" ? given["port"] : 0;
  if (port < 1 || port > 65535) faults.push(`port must be in the range [1, 65535], found: ${port}`);
  const timeout = text(given["timeout"]);
  const body = given["includeRequestBodyInCheck"];
  return {
    service,
    port,
    timeoutMs: (timeout === "" ? undefined : parseDuration(timeout)) ?? defaultTimeoutMs,
    failOpen: given["failOpen"] === true,
    statusOnError: readStatus(text(given["statusOnError"]), faults),
    body: isRecord(body)
      ? {
          maxBytes: typeof body["maxRequestBytes"] === "number" ? body["maxRequestBytes"] : 0,
          allowPartial: body["allowPartialMessage"] === true,
          asBytes: body["packAsBytes"] === true,
        }
      : undefined,
    http,
  };
}

function httpSettings(given: Readonly<Record<string, unknown>>, faults: string[]): HttpCheckSettings {
  const pathPrefix = text(given["pathPrefix"]);
  if (pathPrefix !== "" && !pathPrefix.startsWith("/"))
    faults.push(`pathPrefix must begin with \`/\`, found: "${pathPrefix}"`);
  const patterns = (field: string): readonly string[] => {
    const values = list(given[field]);
    if (values.includes("*"))
      faults.push(
        `a single wildcard ("*") is not supported, change it to either prefix or suffix match: ${field[0]?.toUpperCase()}${field.slice(1)}`,
      );
    return values;
  };
  const listed = patterns("includeRequestHeadersInCheck");
  const deprecated = patterns("includeHeadersInCheck");
  const additional = given["includeAdditionalHeadersInCheck"];
  return {
    pathPrefix,
    requestHeaders: listed.length > 0 ? listed : deprecated,
    additionalHeaders: Object.entries(isRecord(additional) ? additional : {})
      .map(([name, value]) => [name.toLowerCase(), text(value)] as const)
      .toSorted(([a], [b]) => (a < b ? -1 : 1)),
    toUpstreamOnAllow: patterns("headersToUpstreamOnAllow"),
    toDownstreamOnAllow: patterns("headersToDownstreamOnAllow"),
    toDownstreamOnDeny: patterns("headersToDownstreamOnDeny"),
  };
}

function readStatus(written: string, faults: string[]): number {
  if (written === "") return 403;
  const status = /^[+-]?\d+$/.test(written) ? Number(written) : undefined;
  if (status === undefined) faults.push(`invalid statusOnError "${written}"`);
  else if (!knownStatuses.has(status)) faults.push(`unsupported statusOnError ${written}`);
  return status ?? 403;
}

/** Envoy's list of HTTP statuses, without those that are no answer. */
const knownStatuses: ReadonlySet<number> = new Set(
  (
    "200 201 202 203 204 205 206 207 208 226 300 301 302 303 304 305 307 308 400 401 402 403 404 405 406 407 408 409 410 411 " +
    "412 413 414 415 416 417 421 422 423 424 426 428 429 431 500 501 502 503 504 505 506 507 508 510 511"
  )
    .split(" ")
    .map(Number),
);

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function list(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}

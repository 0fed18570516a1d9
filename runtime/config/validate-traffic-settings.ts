import { joinKey } from "./field-path.ts";
import type { Refuse } from "./refuse.ts";
import { validateDuration } from "./validate-duration.ts";
import { validateLocality, validateZoneAware } from "./validate-locality.ts";
import { isRecord } from "./yaml-tree.ts";

/** What Istio refuses of connectionPool, outlierDetection, loadBalancer and tunnel (spec traffic 10.2.3), as far as one field decides. */
export function validateTrafficSettings(policy: object, field: string, refuse: Refuse): void {
  const at = (name: string): Readonly<Record<string, unknown>> | undefined => {
    const value: unknown = Object.entries(policy).find(([key]) => key === name)?.[1];
    return isRecord(value) ? value : undefined;
  };
  const pool = at("connectionPool");
  if (pool !== undefined) validatePool(pool, joinKey(field, "connectionPool"), refuse);
  const outlier = at("outlierDetection");
  if (outlier !== undefined) validateOutlier(outlier, joinKey(field, "outlierDetection"), refuse);
  const balancer = at("loadBalancer");
  if (balancer !== undefined) validateBalancer(balancer, joinKey(field, "loadBalancer"), refuse);
  const tunnel = at("tunnel");
  if (tunnel !== undefined) {
    const { protocol, targetPort } = tunnel;
    if (at("proxyProtocol") !== undefined)
      refuse(joinKey(field, "tunnel"), "tunnel and proxyProtocol cannot stand beside each other");
    if (typeof protocol === "string" && protocol !== "" && protocol !== "CONNECT" && protocol !== "POST")
      refuse(joinKey(field, "tunnel.protocol"), `${protocol} must be CONNECT or POST`);
    if (typeof targetPort === "number" && (targetPort < 1 || targetPort > 65535))
      refuse(joinKey(field, "tunnel.targetPort"), `${targetPort} is not a port in 1..65535`);
  }
}

function validatePool(pool: Readonly<Record<string, unknown>>, field: string, refuse: Refuse): void {
  const tcp = isRecord(pool["tcp"]) ? pool["tcp"] : undefined;
  const http = isRecord(pool["http"]) ? pool["http"] : undefined;
  if (tcp === undefined && http === undefined) refuse(field, "a connectionPool must have tcp or http", "remove it");
  if (tcp !== undefined) {
    notNegative(tcp, ["maxConnections"], `${field}.tcp`, refuse);
    durations(tcp, ["connectTimeout", "maxConnectionDuration"], `${field}.tcp`, refuse);
  }
  if (http === undefined) return;
  notNegative(
    http,
    ["http1MaxPendingRequests", "http2MaxRequests", "maxRequestsPerConnection", "maxRetries", "maxConcurrentStreams"],
    `${field}.http`,
    refuse,
  );
  durations(http, ["idleTimeout"], `${field}.http`, refuse);
  if (http["h2UpgradePolicy"] === "UPGRADE" && http["useClientProtocol"] === true)
    refuse(`${field}.http.useClientProtocol`, "useClientProtocol cannot be true while h2UpgradePolicy is UPGRADE");
  const keepAlive = http["http2KeepAlive"];
  if (isRecord(keepAlive)) {
    for (const key of ["interval", "timeout"])
      if (keepAlive[key] === undefined) refuse(`${field}.http.http2KeepAlive`, `http2KeepAlive needs ${key}`);
    durations(keepAlive, ["interval", "timeout"], `${field}.http.http2KeepAlive`, refuse);
  }
}

function validateOutlier(outlier: Readonly<Record<string, unknown>>, field: string, refuse: Refuse): void {
  durations(outlier, ["interval", "baseEjectionTime"], field, refuse);
  for (const key of ["maxEjectionPercent", "minHealthPercent"]) {
    const value = outlier[key];
    if (typeof value === "number" && (value < 0 || value > 100))
      refuse(joinKey(field, key), `${key}: ${value} is not in 0..100`);
  }
  if (
    typeof outlier["consecutiveLocalOriginFailures"] === "number" &&
    outlier["consecutiveLocalOriginFailures"] > 0 &&
    outlier["splitExternalLocalOriginErrors"] !== true
  ) {
    refuse(
      joinKey(field, "consecutiveLocalOriginFailures"),
      "consecutiveLocalOriginFailures needs splitExternalLocalOriginErrors: true",
    );
  }
}

function validateBalancer(balancer: Readonly<Record<string, unknown>>, field: string, refuse: Refuse): void {
  const hash = isRecord(balancer["consistentHash"]) ? balancer["consistentHash"] : {};
  const cookie = isRecord(hash["httpCookie"]) ? hash["httpCookie"] : undefined;
  if (cookie !== undefined) {
    if (cookie["name"] === "") refuse(`${field}.consistentHash.httpCookie.name`, "a cookie needs a name");
    const names = Array.isArray(cookie["attributes"])
      ? cookie["attributes"].map((attribute: unknown) => (isRecord(attribute) ? attribute["name"] : undefined))
      : [];
    for (const [index, name] of names.entries()) {
      if (name === "" || names.indexOf(name) !== index)
        refuse(
          `${field}.consistentHash.httpCookie.attributes[${index}]`,
          `cookie attribute ${JSON.stringify(name)} is empty or written twice`,
        );
    }
  }
  if (
    hash["minimumRingSize"] !== undefined &&
    hash["minimumRingSize"] !== 0 &&
    (hash["ringHash"] !== undefined || hash["maglev"] !== undefined)
  ) {
    refuse(`${field}.consistentHash.minimumRingSize`, "minimumRingSize cannot stand beside ringHash or maglev");
  }
  const maglev = isRecord(hash["maglev"]) ? hash["maglev"] : undefined;
  if (maglev !== undefined) {
    const size = typeof maglev["tableSize"] === "number" ? maglev["tableSize"] : undefined;
    if (size !== undefined && size >= 5_000_011)
      refuse(`${field}.consistentHash.maglev.tableSize`, "tableSize must be less than 5000011");
    else if (size !== undefined && !isPrime(size))
      refuse(`${field}.consistentHash.maglev.tableSize`, `tableSize ${size} is not a prime number`);
  }
  if (balancer["localityLbSetting"] !== undefined && balancer["zoneAwareLbSetting"] !== undefined)
    refuse(`${field}.zoneAwareLbSetting`, "localityLbSetting and zoneAwareLbSetting cannot stand beside each other");
  if (isRecord(balancer["localityLbSetting"])) {
    validateLocality(balancer["localityLbSetting"], `${field}.localityLbSetting`, refuse);
  }
  if (isRecord(balancer["zoneAwareLbSetting"])) {
    validateZoneAware(balancer["zoneAwareLbSetting"], `${field}.zoneAwareLbSetting`, refuse);
  }
  if (typeof balancer["warmupDurationSecs"] === "string")
    validateDuration(balancer["warmupDurationSecs"], `${field}.warmupDurationSecs`, refuse);
  const warmup = isRecord(balancer["warmup"]) ? balancer["warmup"] : {};
  durations(warmup, ["duration"], `${field}.warmup`, refuse);
}

function notNegative(
  value: Readonly<Record<string, unknown>>,
  keys: readonly string[],
  field: string,
  refuse: Refuse,
): void {
  for (const key of keys) {
    const number = value[key];
    if (typeof number === "number" && number < 0) refuse(joinKey(field, key), `${key} cannot be negative`);
  }
}

function durations(
  value: Readonly<Record<string, unknown>>,
  keys: readonly string[],
  field: string,
  refuse: Refuse,
): void {
  for (const key of keys) validateDuration(value[key], joinKey(field, key), refuse);
}

function isPrime(value: number): boolean {
  if (value < 2) return false;
  for (let divisor = 2; divisor * divisor <= value; divisor++) if (value % divisor === 0) return false;
  return true;
}

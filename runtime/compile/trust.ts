import type { Mesh } from "../model/mesh.ts";
import type { TrustSection } from "../model/snapshot.ts";

/** Whom the sidecars of a mesh trust (spec ID-6), and how they read paths. The same for all of them. */
export function compileTrust(mesh: Mesh): TrustSection {
  const { config } = mesh;
  const authorities = config.raw["caCertificates"];
  const further = Array.isArray(authorities) ? authorities.flatMap(trustDomainsOf) : [];
  return {
    trustDomains: [...new Set([config.trustDomain, ...config.trustDomainAliases, ...further])],
    minProtocolVersion: config.minProtocolVersion,
    pathNormalization: config.pathNormalization,
  };
}

function trustDomainsOf(authority: unknown): readonly string[] {
  if (typeof authority !== "object" || authority === null || !("trustDomains" in authority)) return [];
  const { trustDomains } = authority;
  return Array.isArray(trustDomains) ? trustDomains.filter((each) => typeof each === "string") : [];
}

import type { JwtRule, RequestAuthentication } from "../model/istio-security.ts";
import type { JwtKeys, JwtProvider } from "../model/jwt.ts";
import type { Mesh, Workload, World } from "../model/mesh.ts";
import { byAge, provenance, type Resource } from "../model/resource.ts";
import { plainAudience } from "../policy/jwt/provider.ts";
import { isSelected } from "../policy/selector.ts";
import { keySourceOf } from "./key-source.ts";

type KeySets = NonNullable<World["keySets"]>;

const noKeySets: KeySets = new Map();

interface Rules {
  readonly source: RequestAuthentication;
  readonly providers: readonly Omit<JwtProvider, "name">[];
}

/** All policies of the root and of its own namespace that select a workload count together (spec RA-2, RA-3). */
export function bindJwtRules(mesh: Mesh, keySets: KeySets = noKeySets): (workload: Workload) => readonly JwtProvider[] {
  const compiled: readonly Rules[] = requestAuthentications(mesh).map((source) => ({
    source,
    providers: (source.spec.jwtRules ?? []).map((rule, index) =>
      compileRule(source, rule ?? {}, index, keysOf(mesh, rule ?? {}, keySets)),
    ),
  }));
  return (workload) => {
    const namespaces = new Set([mesh.config.rootNamespace, workload.namespace]);
    return compiled
      .filter(({ source }) => namespaces.has(source.namespace))
      .filter(({ source }) => isSelected(source.spec.selector?.matchLabels, workload.labels))
      .flatMap(({ providers }) => providers)
      .toSorted((a, b) => Buffer.compare(Buffer.from(a.issuer, "utf8"), Buffer.from(b.issuer, "utf8")))
      .map((provider, index) => ({ name: `origins-${index}`, ...provider }));
  };
}

/** Oldest first; policies for gateways and waypoints say nothing to sidecars. */
export function requestAuthentications(mesh: Mesh): readonly RequestAuthentication[] {
  return mesh.others
    .filter(isRequestAuthentication)
    .toSorted(byAge)
    .filter(({ spec }) => spec.targetRef === undefined && (spec.targetRefs ?? []).length === 0);
}

function isRequestAuthentication(resource: Resource): resource is RequestAuthentication {
  return resource.kind === "RequestAuthentication" && resource.apiVersion.startsWith("security.istio.io/");
}

/** Claims that are always lists of words (spec RA-9). */
const alwaysDelimited = ["scope", "permission"];

function compileRule(
  source: RequestAuthentication,
  rule: JwtRule,
  index: number,
  keys: JwtKeys,
): Omit<JwtProvider, "name"> {
  const headers = (rule.fromHeaders ?? []).map(({ name, prefix }) => ({
    name: name.toLowerCase(),
    prefix: prefix ?? "",
  }));
  const params = rule.fromParams ?? [];
  const cookies = rule.fromCookies ?? [];
  const isDefault = headers.length + params.length + cookies.length === 0;
  const payloadHeader = rule.outputPayloadToHeader?.toLowerCase() ?? "";
  return {
    issuer: rule.issuer ?? "",
    audiences: (rule.audiences ?? []).map(plainAudience),
    keys,
    headers: isDefault ? [{ name: "authorization", prefix: "Bearer " }] : headers,
    params: isDefault ? ["access_token"] : params,
    cookies,
    forward: rule.forwardOriginalToken ?? false,
    payloadHeader: mayBeWritten(payloadHeader) ? payloadHeader : undefined,
    claimHeaders: (rule.outputClaimToHeaders ?? [])
      .map(({ header, claim }) => ({ header: header.toLowerCase(), claim }))
      .filter(({ header }) => mayBeWritten(header)),
    spaceDelimited: [...new Set([...alwaysDelimited, ...(rule.spaceDelimitedClaims ?? [])])],
    provenance: provenance(source, `spec.jwtRules[${index}]`),
  };
}

/** Headers on which the meaning of a message hangs are no place for claims. */
const framing = new Set(["host", "connection", "content-length", "transfer-encoding", "upgrade", "te", "keep-alive"]);

function mayBeWritten(header: string): boolean {
  return header !== "" && !header.startsWith(":") && !framing.has(header);
}

function keysOf(mesh: Mesh, rule: JwtRule, keySets: KeySets): JwtKeys {
  if (rule.jwks !== undefined && rule.jwks !== "") return { kind: "set", text: rule.jwks };
  const { url, by, barred } = keySourceOf(mesh, rule);
  const text = barred === undefined ? keySets.get(url) : undefined;
  return text === undefined ? { kind: "unavailable", url, by } : { kind: "set", text };
}

import type { JwtRule, RequestAuthentication } from "../model/istio-security.ts";
import type { Mesh, Workload } from "../model/mesh.ts";
import { byAge, provenance, type Resource } from "../model/resource.ts";
import type { InboundSection } from "../model/snapshot.ts";
import type { TokenLocation } from "../model/token.ts";
import { isSelected } from "../policy/selector.ts";

/** What RequestAuthentications make of requests to a workload. */
type TokenRules = Pick<InboundSection, "tokens" | "claimHeaders">;

interface Located extends TokenRules {
  readonly source: RequestAuthentication;
}

/** All policies of the root and of its own namespace that select a workload count together (spec RA-2). */
export function bindTokenRules(mesh: Mesh): (workload: Workload) => TokenRules {
  const located: readonly Located[] = mesh.others
    .filter(isRequestAuthentication)
    .toSorted(byAge)
    // Policies for gateways and waypoints say nothing to sidecars.
    .filter(({ spec }) => spec.targetRef === undefined && (spec.targetRefs ?? []).length === 0)
    .map((source) => ({ source, tokens: locationsOf(source), claimHeaders: claimHeadersOf(source) }));

  return (workload) => {
    const namespaces = new Set([mesh.config.rootNamespace, workload.namespace]);
    const selected = located
      .filter(({ source }) => namespaces.has(source.namespace))
      .filter(({ source }) => isSelected(source.spec.selector?.matchLabels, workload.labels));
    return {
      tokens: selected.flatMap(({ tokens }) => tokens),
      claimHeaders: [...new Set(selected.flatMap(({ claimHeaders }) => claimHeaders))],
    };
  };
}

function isRequestAuthentication(resource: Resource): resource is RequestAuthentication {
  return resource.kind === "RequestAuthentication" && resource.apiVersion.startsWith("security.istio.io/");
}

function locationsOf(source: RequestAuthentication): readonly TokenLocation[] {
  return (source.spec.jwtRules ?? []).flatMap((rule, index) => locationsOfRule(source, rule ?? {}, index));
}

function locationsOfRule(source: RequestAuthentication, rule: JwtRule, index: number): readonly TokenLocation[] {
  const field = `spec.jwtRules[${index}]`;
  const locate = (kind: TokenLocation["kind"], name: string, prefix: string, path: string): TokenLocation => ({
    kind,
    name,
    prefix,
    rule: index,
    provenance: provenance(source, path),
  });
  const given = [
    ...(rule.fromHeaders ?? []).map(({ name, prefix }, at) =>
      locate("header", name.toLowerCase(), prefix ?? "", `${field}.fromHeaders[${at}]`),
    ),
    ...(rule.fromParams ?? []).map((name, at) => locate("param", name, "", `${field}.fromParams[${at}]`)),
    ...(rule.fromCookies ?? []).map((name, at) => locate("cookie", name, "", `${field}.fromCookies[${at}]`)),
  ];
  if (given.length > 0) return given;
  return [locate("header", "authorization", "Bearer ", field), locate("param", "access_token", "", field)];
}

function claimHeadersOf(source: RequestAuthentication): readonly string[] {
  return (source.spec.jwtRules ?? [])
    .flatMap((rule) => [
      rule?.outputPayloadToHeader ?? "",
      ...(rule?.outputClaimToHeaders ?? []).map(({ header }) => header),
    ])
    .filter((name) => name !== "")
    .map((name) => name.toLowerCase());
}

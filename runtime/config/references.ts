import type { Code } from "../core/codes.ts";
import type { Problem } from "../core/problem.ts";
import type { VirtualService } from "../model/istio-networking.ts";
import type { Mesh, Workload } from "../model/mesh.ts";
import { type Labels, positionOf, type Resource, resourceName } from "../model/resource.ts";
import { checkCredentials } from "./credential-check.ts";
import { checkCustomProviders } from "./custom-providers.ts";
import { hostCovers, resolveHost } from "./host-names.ts";
import { didYouMean } from "./suggestion.ts";
import { isRecord } from "./yaml-tree.ts";

/** References that lead nowhere and resources that Istio ignores where they stand. All are warnings: the same files may be complete in a cluster. */
export function checkReferences(mesh: Mesh): readonly Problem[] {
  const problems: Problem[] = [];
  const report = (code: Code, resource: Resource, field: string, message: string, hint?: string): void => {
    problems.push({
      code,
      severity: "warning",
      message,
      ...(hint === undefined ? {} : { hint }),
      at: positionOf(resource, field),
      resource: resourceName(resource),
      field,
    });
  };
  const hosts = knownHosts(mesh);
  checkSelectors(mesh, report);
  checkCustomProviders(mesh, report);
  checkCredentials(mesh, report);
  checkDestinationRules(mesh, hosts, report);
  for (const virtualService of mesh.policies.virtualServices) checkVirtualService(mesh, hosts, virtualService, report);
  return problems;
}

type Report = (code: Code, resource: Resource, field: string, message: string, hint?: string) => void;

function checkSelectors(mesh: Mesh, report: Report): void {
  const root = mesh.config.rootNamespace;
  for (const policy of mesh.policies.peerAuthentications) {
    const labels = policy.spec.selector?.matchLabels ?? {};
    if (Object.keys(labels).length === 0) continue;
    if (policy.namespace === root)
      report(
        "MD2014",
        policy,
        "spec.selector",
        "a PeerAuthentication with a selector in the root namespace is ignored",
        "move it to the namespace of its workloads",
      );
    else
      checkSelection(
        mesh.workloads.filter((workload) => workload.namespace === policy.namespace),
        policy,
        labels,
        report,
      );
  }
  for (const policy of mesh.policies.authorizationPolicies) {
    if (policy.spec.targetRef !== undefined || (policy.spec.targetRefs ?? []).length > 0) {
      report(
        "MD2014",
        policy,
        policy.spec.targetRef === undefined ? "spec.targetRefs" : "spec.targetRef",
        "sidecars ignore a policy with targetRef: it is for gateways and waypoints",
        "use a selector",
      );
      continue;
    }
    const labels = policy.spec.selector?.matchLabels ?? {};
    const scope =
      policy.namespace === root
        ? mesh.workloads
        : mesh.workloads.filter((workload) => workload.namespace === policy.namespace);
    if (Object.keys(labels).length > 0) checkSelection(scope, policy, labels, report);
  }
}

function checkSelection(scope: readonly Workload[], policy: Resource, labels: Labels, report: Report): void {
  const wanted = Object.entries(labels);
  if (scope.some((workload) => wanted.every(([key, value]) => workload.labels[key] === value))) return;
  const text = wanted.map(([key, value]) => `${key}=${value}`).join(", ");
  const [key = "", value = ""] = wanted[0] ?? [];
  const meant = didYouMean(value, [...new Set(scope.flatMap((workload) => workload.labels[key] ?? []))]);
  report(
    "MD2004",
    policy,
    "spec.selector.matchLabels",
    `no workload has the labels ${text}`,
    meant === undefined || meant === value ? "compare them with `meshdev ps -o wide`" : `${value}: ${meant}`,
  );
}

function checkDestinationRules(mesh: Mesh, hosts: KnownHosts, report: Report): void {
  for (const rule of mesh.policies.destinationRules) {
    const host = resolveHost(rule.spec.host, rule.namespace);
    if (!hosts.has(host)) {
      report("MD2005", rule, "spec.host", unknownHost(rule.spec.host, host), suggestHost(hosts, host));
      continue;
    }
    if ((rule.spec.subsets ?? []).length === 0) continue;
    const services = mesh.services.filter((service) => hostCovers(host, service.hostname));
    for (const [index, subset] of (rule.spec.subsets ?? []).entries()) {
      const labels = Object.entries(subset.labels ?? {});
      const behind = mesh.workloads.filter((workload) =>
        services.some(
          (service) =>
            service.namespace === workload.namespace &&
            Object.keys(service.selector).length > 0 &&
            Object.entries(service.selector).every(([key, value]) => workload.labels[key] === value),
        ),
      );
      if (
        services.length > 0 &&
        !behind.some((workload) => labels.every(([key, value]) => workload.labels[key] === value))
      ) {
        report(
          "MD2004",
          rule,
          `spec.subsets[${index}].labels`,
          `subset ${subset.name} selects no workload of ${host}`,
          "compare the labels with `meshdev ps -o wide`",
        );
      }
    }
  }
}

function checkVirtualService(mesh: Mesh, hosts: KnownHosts, virtualService: VirtualService, report: Report): void {
  const { spec, namespace } = virtualService;
  const gateways = spec.gateways ?? [];
  if (gateways.length > 0 && !gateways.includes("mesh")) return;
  for (const [index, written] of (spec.hosts ?? []).entries()) {
    const host = resolveHost(written, namespace);
    if (!hosts.has(host))
      report(
        "MD2005",
        virtualService,
        `spec.hosts[${index}]`,
        `${unknownHost(written, host)}; sidecars use such a host on port 80 only`,
        suggestHost(hosts, host),
      );
  }
  for (const [index, route] of (spec.http ?? []).entries()) {
    for (const [position, { destination }] of (route.route ?? []).entries()) {
      const field = `spec.http[${index}].route[${position}].destination`;
      const host = resolveHost(destination.host, namespace);
      if (!hosts.has(host))
        report(
          "MD2005",
          virtualService,
          `${field}.host`,
          `${unknownHost(destination.host, host)}; requests that this route takes are answered 503`,
          suggestHost(hosts, host),
        );
      else if (destination.subset !== undefined && destination.subset !== "") {
        const subsets = mesh.policies.destinationRules
          .filter((rule) => hostCovers(resolveHost(rule.spec.host, rule.namespace), host))
          .flatMap((rule) => rule.spec.subsets ?? [])
          .map((subset) => subset.name);
        if (!subsets.includes(destination.subset)) {
          const meant = didYouMean(destination.subset, subsets);
          report(
            "MD2017",
            virtualService,
            `${field}.subset`,
            `no DestinationRule of ${host} has the subset ${destination.subset}; requests are answered 503`,
            meant === undefined ? "add the subset to a DestinationRule" : `${destination.subset}: ${meant}`,
          );
        }
      }
    }
  }
}

/** Hosts that exist: those of Services, and those that some ServiceEntry adds. */
interface KnownHosts {
  readonly has: (host: string) => boolean;
  readonly services: readonly string[];
}

function knownHosts(mesh: Mesh): KnownHosts {
  const services = mesh.services.map((service) => service.hostname);
  const names = new Set(services);
  const entries = mesh.others.filter((resource) => resource.kind === "ServiceEntry").flatMap(serviceEntryHosts);
  return {
    services,
    has: (host) =>
      names.has(host) ||
      (host.startsWith("*") && services.some((name) => hostCovers(host, name))) ||
      entries.some((entry) => hostCovers(entry, host) || hostCovers(host, entry)),
  };
}

function serviceEntryHosts(resource: Resource): readonly string[] {
  const hosts = isRecord(resource.spec) ? resource.spec["hosts"] : undefined;
  return Array.isArray(hosts) ? hosts.filter((host) => typeof host === "string") : [];
}

function unknownHost(written: string, host: string): string {
  return written === host ? `no service is called ${host}` : `no service is called ${written} (${host})`;
}

/** `reviews.prod` is the commonest mistake: a name with a dot is taken as it stands. */
function suggestHost(hosts: KnownHosts, host: string): string | undefined {
  const names = hosts.services;
  const completed = names.find((name) => name.startsWith(`${host}.`));
  if (completed !== undefined) return `write ${completed}: a name with a dot is taken as it stands`;
  const meant = didYouMean(host, names);
  return meant === undefined ? undefined : `${host}: ${meant}`;
}

import type { Code } from "../core/codes.ts";
import type { AuthorizationPolicy } from "../model/istio-security.ts";
import type { Mesh, Workload } from "../model/mesh.ts";
import type { Resource } from "../model/resource.ts";
import { didYouMean } from "./suggestion.ts";

type Report = (code: Code, resource: Resource, field: string, message: string, hint?: string) => void;

/** CUSTOM policies whose provider cannot be asked: what they match is refused, in a cluster too (spec CU-3, CU-4). */
export function checkCustomProviders(mesh: Mesh, report: Report): void {
  const policies = mesh.policies.authorizationPolicies.filter(({ spec }) => spec.action === "CUSTOM");
  for (const policy of policies) {
    const name = policy.spec.provider?.name ?? "";
    const [fault, hint] = faultOf(mesh, name) ?? [];
    if (fault !== undefined) report("MD2020", policy, "spec.provider.name", fault, hint);
  }
  checkCrowds(mesh, policies, report);
}

function faultOf(mesh: Mesh, name: string): readonly [fault: string, hint: string] | undefined {
  const { extensionProviders } = mesh.config;
  const known = extensionProviders.filter(({ settings }) => settings !== undefined).map((each) => each.name);
  const provider = extensionProviders.find((each) => each.name === name);
  if (provider === undefined) {
    const meant = didYouMean(name, known);
    const message = `available providers are [${known.join(" ")}] but found "${name}": what the policy matches is refused`;
    return [message, meant === undefined ? "add it to meshConfig.extensionProviders" : meant];
  }
  if (provider.settings === undefined) {
    const why = provider.faults[0] ?? "it is neither envoyExtAuthzHttp nor envoyExtAuthzGrpc";
    return [`provider ${name} cannot be asked (${why}): what the policy matches is refused`, "correct the provider"];
  }
  const { service, port, http } = provider.settings;
  const slash = service.indexOf("/");
  const host = service.slice(slash + 1);
  const found = mesh.services.find(
    (each) => each.hostname === host && (slash < 0 || each.namespace === service.slice(0, slash)),
  );
  if (found === undefined) {
    const meant = didYouMean(
      host,
      mesh.services.map((each) => each.hostname),
    );
    const message = `could not find service ${service} of provider ${name}: what the policy matches is refused`;
    return [message, meant ?? "write the full name, <service>.<namespace>.svc.cluster.local"];
  }
  const declared = found.ports.find((each) => each.port === port);
  if (declared === undefined) {
    const message = `service ${service} of provider ${name} has no port ${port}: asking it always fails`;
    return [message, "correct the port of the provider"];
  }
  if (http !== undefined || ["grpc", "http2"].includes(declared.protocol)) return undefined;
  const message = `port ${port} of ${service} is not declared as gRPC: provider ${name} is asked over HTTP/1.1, which fails`;
  return [message, "name the port grpc-…, or set appProtocol: grpc"];
}

/** Several providers at one workload refuse all that any of them matches, unless istiod is told otherwise. */
function checkCrowds(mesh: Mesh, policies: readonly AuthorizationPolicy[], report: Report): void {
  if (/^(?:1|t|true)$/i.test(mesh.features["PILOT_ENABLE_MULTIPLE_CUSTOM_AUTHZ_PROVIDERS"] ?? "")) return;
  const told = new Set<AuthorizationPolicy>();
  for (const workload of mesh.workloads) {
    const applying = policies.filter((policy) => applies(mesh, policy, workload));
    const names = [...new Set(applying.map(({ spec }) => spec.provider?.name ?? ""))].toSorted();
    if (names.length < 2) continue;
    for (const policy of applying) {
      if (told.has(policy)) continue;
      told.add(policy);
      const message = `only 1 provider can be used per workload, found multiple providers at ${workload.name}: [${names.join(" ")}]; what their policies match is refused`;
      report("MD2020", policy, "spec.provider.name", message, "use one provider for each workload");
    }
  }
}

function applies(mesh: Mesh, policy: AuthorizationPolicy, workload: Workload): boolean {
  if (policy.namespace !== mesh.config.rootNamespace && policy.namespace !== workload.namespace) return false;
  return Object.entries(policy.spec.selector?.matchLabels ?? {}).every(
    ([key, value]) => workload.labels[key] === value,
  );
}

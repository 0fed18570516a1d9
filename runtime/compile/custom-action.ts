import type { ExtAuthzProvider } from "../model/ext-authz.ts";
import type { AuthorizationPolicy } from "../model/istio-security.ts";
import type { Mesh } from "../model/mesh.ts";

/** Who is asked about what a CUSTOM policy matches; `fault`: nobody can be, and it is refused (spec CU-3, CU-4). */
export type CustomProvider = { readonly provider: ExtAuthzProvider } | { readonly fault: string };

/** The providers that a workload's CUSTOM policies name, in the order in which they are asked. */
export function bindProviders(
  mesh: Mesh,
): (policies: readonly AuthorizationPolicy[]) => ReadonlyMap<string, CustomProvider> {
  const several = isTrue(mesh.features["PILOT_ENABLE_MULTIPLE_CUSTOM_AUTHZ_PROVIDERS"]);
  const known = new Map<string, CustomProvider>();
  const find = (name: string): CustomProvider => {
    const found = known.get(name) ?? findProvider(mesh, name);
    known.set(name, found);
    return found;
  };
  return (policies) => {
    const names = [...new Set(policies.map(({ spec }) => spec.provider?.name ?? ""))].toSorted();
    if (names.length > 1 && !several) {
      const fault = `only 1 provider can be used per workload, found multiple providers: [${names.join(" ")}]`;
      return new Map(names.map((name) => [name, { fault }]));
    }
    return new Map(names.map((name) => [name, find(name)]));
  };
}

function findProvider(mesh: Mesh, name: string): CustomProvider {
  if (name === "") return { fault: "no provider specified in authorization policy" };
  const { extensionProviders } = mesh.config;
  const entry = extensionProviders.find((each) => each.name === name);
  const [fault] = entry?.faults ?? [];
  if (fault !== undefined) return { fault: `found errors in provider ${name}: ${fault}` };
  if (entry?.settings === undefined) {
    const names = extensionProviders.filter(({ settings }) => settings !== undefined).map((each) => each.name);
    return { fault: `available providers are [${names.join(" ")}] but found "${name}"` };
  }
  const host = findHost(mesh, entry.settings.service);
  if (typeof host !== "string") return host;
  const { port } = entry.settings;
  return { provider: { ...entry.settings, name, host, cluster: `outbound|${port}||${host}` } };
}

/** A provider's service by its full name, as the registry knows it; whether it has the port is seen when it is asked (errata security 29). */
function findHost(mesh: Mesh, service: string): string | { readonly fault: string } {
  const slash = service.indexOf("/");
  const namespace = slash < 0 ? undefined : service.slice(0, slash);
  const host = service.slice(slash + 1);
  const found = mesh.services.filter(
    (each) => each.hostname === host && (namespace === undefined || each.namespace === namespace),
  );
  if (found.length === 1) return host;
  if (found.length === 0) return { fault: `could not find service ${service} in Istio service registry` };
  const namespaces = found.map((each) => each.namespace).join(" ");
  return {
    fault: `found ${host} in multiple namespaces [${namespaces}], specify namespace explicitly in the format of <Namespace>/<Hostname>`,
  };
}

/** The forms that Go's ParseBool takes for true. */
export function isTrue(text: string | undefined): boolean {
  return text !== undefined && ["1", "t", "T", "true", "TRUE", "True"].includes(text);
}

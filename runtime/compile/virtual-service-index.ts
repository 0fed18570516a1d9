import type { VirtualService } from "../model/istio-networking.ts";
import type { Mesh } from "../model/mesh.ts";
import { byAge } from "../model/resource.ts";
import { isVisible, parseExportTo, type Visibility } from "./export-to.ts";
import { resolveHost } from "./hostname.ts";

/** A VirtualService bound to the mesh gateway, with its hosts resolved. */
export interface IndexedVirtualService {
  readonly resource: VirtualService;
  readonly hosts: readonly string[];
  readonly visibility: Visibility;
  /** Whether some rule tells clients of one namespace apart. */
  readonly usesLabels: boolean;
}

/** VirtualServices that sidecars look at, oldest first: `gateways` is absent or names `mesh` (spec traffic 2.1.1). */
export function indexVirtualServices(mesh: Mesh): readonly IndexedVirtualService[] {
  return mesh.policies.virtualServices
    .filter(({ spec }) => (spec.gateways ?? []).length === 0 || spec.gateways?.includes("mesh") === true)
    .filter(({ spec }) => (spec.hosts ?? []).length > 0)
    .toSorted(byAge)
    .map((resource) => ({
      resource,
      hosts: (resource.spec.hosts ?? []).map((host) => resolveHost(host, resource.namespace)),
      visibility: parseExportTo(resource.spec.exportTo, resource.namespace, mesh.config.defaultVirtualServiceExportTo),
      usesLabels: [...(resource.spec.http ?? []), ...(resource.spec.tls ?? []), ...(resource.spec.tcp ?? [])].some(
        (rule) => (rule.match ?? []).some((match) => Object.keys(match.sourceLabels ?? {}).length > 0),
      ),
    }));
}

/** Those that a client sees: its namespace's private ones, then those exported to it by name, then public ones (spec traffic 2.1.2). */
export function visibleVirtualServices(
  all: readonly IndexedVirtualService[],
  namespace: string,
): readonly IndexedVirtualService[] {
  const rank = ({ visibility, resource }: IndexedVirtualService): number =>
    visibility.everybody ? 2 : resource.namespace === namespace ? 0 : 1;
  return all.filter(({ visibility }) => isVisible(visibility, namespace)).toSorted((a, b) => rank(a) - rank(b));
}

import type { Route } from "../model/snapshot.ts";
import { bindPhases, type HeaderPhase } from "./header-operations.ts";
import { bindMatchedRewrite, bindPathRewrite, type PathRewrite } from "./rewrite.ts";

/** What a route does to the requests it takes, as closures. */
export interface BoundRoute {
  readonly rewrite: PathRewrite | undefined;
  readonly redirectRewrite: PathRewrite | undefined;
  /** Per destination, in the order of `action.clusters`; one entry for routes without destination. */
  readonly phases: readonly { readonly request: readonly HeaderPhase[]; readonly response: readonly HeaderPhase[] }[];
}

export function bindRoute(route: Route): BoundRoute {
  const { action, headers } = route;
  const destinations = action.kind === "clusters" ? action.clusters.map((cluster) => cluster.headers) : [];
  const weighted = action.kind === "clusters" && action.weighted;
  const levels = destinations.length === 0 ? [{ request: undefined, response: undefined }] : destinations;
  return {
    rewrite: bindPathRewrite(route),
    redirectRewrite:
      action.kind === "redirect" && action.prefixRewrite !== undefined
        ? bindMatchedRewrite(route.match, action.prefixRewrite)
        : undefined,
    phases: levels.map((level) => ({
      request: bindPhases(headers.request, level.request, weighted),
      response: bindPhases(headers.response, level.response, weighted),
    })),
  };
}

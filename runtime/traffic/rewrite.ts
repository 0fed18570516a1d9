import type { Route, RouteMatch } from "../model/snapshot.ts";
import { bindReplaceAll } from "./regex.ts";
import { pathOnly } from "./request.ts";

/** Rewrites a path with its query; undefined: the route does not touch the path. */
export type PathRewrite = (path: string) => string;

/** A regex rewrite wins over `uri` (spec traffic 2.6.2); neither touches the query. */
export function bindPathRewrite(route: Pick<Route, "match" | "rewrite">): PathRewrite | undefined {
  const rewrite = route.rewrite;
  if (rewrite === undefined) return undefined;
  if (rewrite.regex !== undefined) {
    const replace = bindReplaceAll(rewrite.regex.source, rewrite.regex.substitution);
    return (path) => {
      const plain = pathOnly(path);
      return replace(plain) + path.slice(plain.length);
    };
  }
  return rewrite.path === undefined ? undefined : bindMatchedRewrite(route.match, rewrite.path);
}

/**
 * Replaces what the condition matched: the prefix, or the whole path after an exact or regex match. Without a condition the
 * prefix is `/`, and a target with a query of its own keeps the request's as well (errata traffic C1).
 */
export function bindMatchedRewrite(match: Pick<RouteMatch, "path">, target: string): PathRewrite {
  const matcher = match.path;
  if (matcher === undefined || matcher.kind === "prefix" || matcher.kind === "present") {
    const length = matcher?.kind === "prefix" ? matcher.value.length : 1;
    return (path) => target + path.slice(length);
  }
  return (path) => target + path.slice(pathOnly(path).length);
}

import type { HeaderMatch, Route, RouteMatch, VirtualHost } from "../model/snapshot.ts";
import { headerOrPseudo, pathOnly, queryParameter, type RouteRequest } from "./request.ts";
import { bindStringMatcher } from "./string-match.ts";

type Condition = (request: RouteRequest, path: string) => boolean;

/** Routes are tried in order; the first whose conditions all hold wins (spec traffic 2.1.3). Undefined: 404 `route_not_found`. */
export function bindRoutes(virtualHost: Pick<VirtualHost, "routes">): (request: RouteRequest) => Route | undefined {
  const entries = virtualHost.routes.map((route) => ({ route, conditions: bindMatch(route.match) }));
  return (request) => {
    const path = pathOnly(request.path);
    for (const { route, conditions } of entries) {
      if (conditions.every((condition) => condition(request, path))) return route;
    }
    return undefined;
  };
}

function bindMatch(match: RouteMatch): readonly Condition[] {
  const conditions: Condition[] = [];
  if (match.path !== undefined) {
    const test = bindStringMatcher(match.path);
    conditions.push((_, path) => test(path));
  }
  if (match.method !== undefined) {
    const test = bindStringMatcher(match.method);
    conditions.push((request) => test(request.method));
  }
  if (match.authority !== undefined) {
    const test = bindStringMatcher(match.authority);
    conditions.push((request) => test(request.authority));
  }
  if (match.scheme !== undefined) {
    const test = bindStringMatcher(match.scheme);
    conditions.push((request) => test(request.scheme));
  }
  for (const header of match.headers) conditions.push(bindHeader(header));
  for (const { name, match: matcher } of match.queryParams) {
    const test = bindStringMatcher(matcher);
    conditions.push((request) => {
      const value = queryParameter(request.path, name);
      return value !== undefined && test(value);
    });
  }
  return conditions;
}

/**
 * Every line of a repeated header is tested by itself (spec traffic 2.2.4). Inverted, an absent header counts as an
 * empty one, except in a presence test (spec traffic 2.2.5).
 */
function bindHeader(header: HeaderMatch): Condition {
  const { name, inverted } = header;
  if (header.match.kind === "present") return (request) => headerOrPseudo(request, name).length > 0 !== inverted;
  const test = bindStringMatcher(header.match);
  if (!inverted) return (request) => headerOrPseudo(request, name).some(test);
  return (request) => {
    const values = headerOrPseudo(request, name);
    return values.length === 0 ? !test("") : !values.some(test);
  };
}

import type { Route, RouteAction, RouteMatch } from "../../../runtime/model/snapshot.ts";
import type { RouteRequest } from "../../../runtime/traffic/request.ts";

type Lines = Readonly<Record<string, string | readonly string[]>>;

/** Reads headers written as a record; a list is a header sent several times. */
export function reader(lines: Lines = {}): (name: string) => readonly string[] {
  return (name) => {
    const value = lines[name];
    return value === undefined ? [] : typeof value === "string" ? [value] : value;
  };
}

export function request(
  path: string,
  parts: Partial<Omit<RouteRequest, "header">> & { readonly headers?: Lines } = {},
): RouteRequest {
  const { headers, ...rest } = parts;
  return { method: "GET", authority: "backend:8080", scheme: "http", path, ...rest, header: reader(headers) };
}

export const anyMatch: RouteMatch = {
  path: undefined,
  method: undefined,
  authority: undefined,
  scheme: undefined,
  headers: [],
  queryParams: [],
};

const toBackend: RouteAction = {
  kind: "clusters",
  weighted: false,
  clusters: [{ cluster: "c", weight: 1, headers: { request: undefined, response: undefined }, hostRewrite: undefined }],
};

export function route(name: string, match: Partial<RouteMatch>, parts: Partial<Route> = {}): Route {
  return {
    name,
    match: { ...anyMatch, ...match },
    action: toBackend,
    rewrite: undefined,
    timeoutMs: undefined,
    retry: undefined,
    fault: undefined,
    headers: { request: undefined, response: undefined },
    decorator: undefined,
    provenance: undefined,
    ...parts,
  };
}

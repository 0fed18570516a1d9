import type { RouteAction } from "../model/snapshot.ts";
import type { RouteRequest } from "./request.ts";

type Redirect = Extract<RouteAction, { kind: "redirect" }>;

/** The `location` of a redirect (spec traffic 2.4, errata A9, A10). `path` is the request's, after `prefixRewrite` when the rule has one. */
export function redirectLocation(
  redirect: Redirect,
  request: Pick<RouteRequest, "scheme" | "authority">,
  path: string,
): string {
  const scheme = redirect.scheme ?? request.scheme;
  const port = redirect.port === undefined ? "" : `:${redirect.port}`;
  const host = redirect.host ?? requestHost(request, scheme, redirect.port !== undefined);
  return `${scheme}://${host}${port}${redirectPath(redirect.path, path)}`;
}

/** The Host's port goes when the rule names another, or when it was the default of a scheme that changes. */
function requestHost(request: Pick<RouteRequest, "scheme" | "authority">, scheme: string, replaced: boolean): string {
  const { authority } = request;
  const colon = authority.startsWith("[") ? authority.indexOf("]:") + 1 : authority.lastIndexOf(":");
  if (colon <= 0) return authority;
  const port = authority.slice(colon);
  const wasDefault =
    scheme !== request.scheme &&
    ((request.scheme === "http" && port === ":80") || (request.scheme === "https" && port === ":443"));
  return replaced || wasDefault ? authority.slice(0, colon) : authority;
}

/** A target with its own query is used as it is, else the request's query is kept (spec traffic 2.4.2). */
function redirectPath(target: string | undefined, path: string): string {
  if (target === undefined) return path;
  const query = path.indexOf("?");
  return target.includes("?") || query === -1 ? target : target + path.slice(query);
}

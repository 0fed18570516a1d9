import type { HttpMatchRequest, StringMatch } from "../model/istio-networking.ts";
import type { Workload } from "../model/mesh.ts";
import type { RouteMatch, StringMatcher } from "../model/snapshot.ts";
import { isSelected } from "../policy/selector.ts";

export const anyRequest: RouteMatch = {
  path: undefined,
  method: undefined,
  authority: undefined,
  scheme: undefined,
  headers: [],
  queryParams: [],
};

/** Conditions that are settled before any request (spec traffic 2.1.4, 2.2.7, 2.2.8); port 0 counts as none. */
export function holdsStatically(
  match: Pick<HttpMatchRequest, "port" | "gateways" | "sourceLabels" | "sourceNamespace">,
  { client, port }: { readonly client: Pick<Workload, "namespace" | "labels">; readonly port: number },
): boolean {
  if (match.port !== undefined && match.port !== 0 && match.port !== port) return false;
  if ((match.gateways ?? []).length > 0) return match.gateways?.includes("mesh") === true;
  if (!isSelected(match.sourceLabels ?? {}, client.labels)) return false;
  const namespace = match.sourceNamespace ?? "";
  return namespace === "" || namespace === client.namespace;
}

/** A route after which no other of the same VirtualService is looked at (spec traffic 2.1.3). */
export function isCatchAll(match: RouteMatch): boolean {
  const { path } = match;
  const anyPath =
    path === undefined ||
    (path.kind === "prefix" && path.value === "/") ||
    (path.kind === "regex" && path.source === ".*");
  const { method, authority, scheme, headers, queryParams } = match;
  const conditions = [method, authority, scheme].filter((matcher) => matcher !== undefined).length;
  return anyPath && conditions === 0 && headers.length === 0 && queryParams.length === 0;
}

export function compileMatch(match: HttpMatchRequest): RouteMatch {
  const ignoreCase = match.ignoreUriCase === true;
  return {
    path: compileValue(match.uri, ignoreCase),
    method: compileValue(match.method, false),
    authority: compileValue(match.authority, false),
    scheme: compileValue(match.scheme, false),
    headers: [
      ...Object.entries(match.headers ?? {}).map(([name, value]) => headerMatch(name, value, false)),
      ...Object.entries(match.withoutHeaders ?? {}).map(([name, value]) => headerMatch(name, value, true)),
    ],
    queryParams: Object.entries(match.queryParams ?? {}).map(([name, value]) => ({
      name,
      match: compilePresence(value),
    })),
  };
}

function headerMatch(name: string, value: StringMatch, inverted: boolean): RouteMatch["headers"][number] {
  return { name: name.toLowerCase(), match: compilePresence(value), inverted };
}

/** An empty condition on a header or parameter asks for presence (spec traffic 2.2.1). */
function compilePresence(value: StringMatch): StringMatcher {
  return compileValue(value, false) ?? { kind: "present" };
}

/** `ignoreUriCase` does not reach regular expressions (spec traffic 2.2.2). */
function compileValue(value: StringMatch | undefined, ignoreCase: boolean): StringMatcher | undefined {
  if (value?.exact !== undefined) return { kind: "exact", value: value.exact, ...(ignoreCase ? { ignoreCase } : {}) };
  if (value?.prefix !== undefined)
    return { kind: "prefix", value: value.prefix, ...(ignoreCase ? { ignoreCase } : {}) };
  if (value?.regex !== undefined) return { kind: "regex", source: value.regex };
  return undefined;
}

/** What routing and header rules may ask of a request. Strings are made only when a rule asks. */
export interface RouteRequest {
  readonly method: string;
  /** Host as sent, port included; several Host lines joined by a comma (errata traffic A11). */
  readonly authority: string;
  /** Normalised path with its query. */
  readonly path: string;
  /** `http`, or what `x-forwarded-proto` says (errata traffic A10). */
  readonly scheme: string;
  /** Every line of a header; `name` is lower case. Includes what the proxy itself has added or removed so far. */
  readonly header: (name: string) => readonly string[];
}

/** The path without its query and fragment: what `uri` conditions see (spec traffic 2.2.2). */
export function pathOnly(path: string): string {
  const query = path.indexOf("?");
  const fragment = path.indexOf("#");
  if (query === -1 && fragment === -1) return path;
  const end = query === -1 ? fragment : fragment === -1 ? query : Math.min(query, fragment);
  return path.slice(0, end);
}

/** Values of a header condition: pseudo headers and `host` stand for the parts of the request line (errata security 10). */
export function headerOrPseudo(request: RouteRequest, name: string): readonly string[] {
  switch (name) {
    case ":path":
      return [request.path];
    case ":method":
      return [request.method];
    case ":scheme":
      return [request.scheme];
    case ":authority":
    case "host":
      return [request.authority];
    default:
      return request.header(name);
  }
}

/** The first value of a query parameter, not percent-decoded (spec traffic 2.2.6); undefined when it is absent. */
export function queryParameter(path: string, name: string): string | undefined {
  const start = path.indexOf("?");
  if (start === -1) return undefined;
  const end = path.indexOf("#", start);
  const query = path.slice(start + 1, end === -1 ? undefined : end);
  for (const part of query.split("&")) {
    const equals = part.indexOf("=");
    if ((equals === -1 ? part : part.slice(0, equals)) === name) return equals === -1 ? "" : part.slice(equals + 1);
  }
  return undefined;
}

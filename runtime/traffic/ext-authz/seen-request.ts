import type { HeaderEdit } from "../../model/header-edit.ts";
import type { SeenRequest } from "../../model/ext-authz.ts";
import { isAuthorityText } from "../../wire/http1/head.ts";
import { withNames } from "../../wire/header-names.ts";
import type { QueryChange } from "./check-result.ts";

/** What a provider changes in a request, in this order: names are set, then appended to, then removed. Names are lower case. */
export interface HeaderChange {
  /** Several values of one name: the last counts. */
  readonly set: readonly (readonly [name: string, value: string])[];
  /** To a header that is there; of an absent one nothing comes (as Envoy 1.40 does). */
  readonly append: readonly (readonly [name: string, value: string])[];
  readonly remove: readonly string[];
}

/** Headers that say how a message is framed, or what becomes of its connection: no provider changes them here. */
const structural: ReadonlySet<string> = new Set([
  "content-length",
  "transfer-encoding",
  "connection",
  "keep-alive",
  "proxy-connection",
  "upgrade",
  "te",
]);

/** A request as filters see it when it enters: what came, with what the entry edit changes. */
export function seenRequest(
  came: Pick<SeenRequest, "method" | "path" | "authority" | "scheme" | "headers">,
  edit: HeaderEdit,
): SeenRequest {
  const kept = came.headers.filter(([name]) => !edit.remove.has(name));
  return { ...came, headers: [...kept, ...edit.add], changed: new Set() };
}

export function changeRequest(seen: SeenRequest, change: HeaderChange, query: QueryChange): SeenRequest {
  let { method, path, authority, scheme } = seen;
  let headers = [...seen.headers];
  const changed = new Set(seen.changed);
  const pseudo = (name: string, value: string): boolean => {
    switch (name) {
      case ":method":
        method = value;
        return true;
      case ":path":
        path = value;
        return true;
      case ":authority":
      case "host":
        authority = value;
        return true;
      case ":scheme":
        scheme = value;
        return true;
      default:
        return name.startsWith(":");
    }
  };
  for (const [name, value] of change.set) {
    if (structural.has(name) || pseudo(name, value)) continue;
    headers = [...headers.filter((entry) => entry[0] !== name), [name, value]];
    changed.add(name);
  }
  for (const [name, value] of change.append) {
    if (structural.has(name)) continue;
    const at = headers.findIndex((entry) => entry[0] === name);
    const before = headers[at];
    if (before === undefined) continue;
    headers[at] = [name, `${before[1]}${name === "cookie" ? "; " : ","}${value}`];
    changed.add(name);
  }
  for (const name of change.remove) {
    // Without these a message would not be one.
    if (name.startsWith(":") || name === "host" || structural.has(name)) continue;
    if (!headers.some((entry) => entry[0] === name)) continue;
    headers = headers.filter((entry) => entry[0] !== name);
    changed.add(name);
  }
  return { method, path: changeQuery(path, query), authority, scheme, headers, changed };
}

/** Parameters are put in order by name when one is touched, as Envoy does. */
function changeQuery(path: string, { set, remove }: QueryChange): string {
  if (set.length === 0 && remove.length === 0) return path;
  const at = path.indexOf("?");
  const written = at < 0 ? "" : path.slice(at + 1);
  const parameters = new Map<string, string[]>();
  for (const parameter of written.split("&")) {
    if (parameter === "") continue;
    const [name = "", ...value] = parameter.split("=");
    parameters.set(name, [...(parameters.get(name) ?? []), value.join("=")]);
  }
  for (const [name, value] of set) parameters.set(name, [value]);
  for (const name of remove) parameters.delete(name);
  const text = [...parameters]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([name, values]) => values.map((value) => `${name}=${value}`))
    .join("&");
  const plain = at < 0 ? path : path.slice(0, at);
  return text === "" ? plain : `${plain}?${text}`;
}

/** The entry edit with the providers' changes on top: what goes to the application. */
export function editOf(seen: SeenRequest, entry: HeaderEdit): HeaderEdit {
  if (seen.changed.size === 0) return entry;
  return {
    remove: withNames(entry.remove, [...seen.changed]),
    add: [
      ...entry.add.filter(([name]) => !seen.changed.has(name)),
      ...seen.headers.filter(([name]) => seen.changed.has(name)),
    ],
  };
}

/** What Envoy's router finds wrong with headers that a provider set; undefined: nothing. Its answer is 503 (tried with 1.40). */
export function invalidHeader(seen: SeenRequest): string | undefined {
  if (!token.test(seen.method)) return "invalid header value for: :method";
  if (!/^\/[\x21-\x7e]*$/.test(seen.path)) return "invalid header value for: :path";
  if (!isAuthorityText(seen.authority)) return "invalid header value for: :authority";
  for (const [name, value] of seen.headers) {
    if (!seen.changed.has(name)) continue;
    if (!token.test(name)) return `invalid header name: ${name}`;
    if (/[\0\r\n]/.test(value)) return `invalid header value for: ${name}`;
  }
  return undefined;
}

const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/** Headers as a check tells them: one value for each name, joined by commas. */
export function joinedHeaders(headers: SeenRequest["headers"]): ReadonlyMap<string, string> {
  const joined = new Map<string, string>();
  for (const [name, value] of headers) {
    const before = joined.get(name);
    joined.set(name, before === undefined ? value : `${before},${value}`);
  }
  return joined;
}

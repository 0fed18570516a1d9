import { markerName } from "./attempt.ts";

/** What a line of an application's log says of one attempt. */
export type LineVerdict =
  /** The application received the denied resource. */
  | { readonly kind: "resource" }
  /** It received what this caller may ask for anyway. */
  | { readonly kind: "open" }
  /** It received something with the marker, under another name. */
  | { readonly kind: "other"; readonly seen: string };

export interface Sought {
  readonly marker: string;
  readonly outer: string;
  /** The denied resource. */
  readonly method: string;
  readonly path: string;
  /** Method on the wire, for lines that name none. */
  readonly sent: string;
  readonly carriers: readonly string[];
  /** A path that this caller may GET. */
  readonly open: string;
}

/**
 * Whether a line proves that the application received the denied resource: it must name the denied path itself, not merely repeat the
 * spelling that was sent, and the method, where it names any. Undefined: the line is not about this attempt.
 */
export function judgeLine(line: string, sought: Sought): LineVerdict | undefined {
  if (!line.includes(sought.marker)) return undefined;
  const texts = textsOf(line, sought.carriers);
  const paths = texts.flatMap(pathsIn);
  const named = methodIn(texts);
  const isMethod = (named ?? sought.sent.toUpperCase()) === sought.method.toUpperCase();
  // A line that repeats the outer request, or a header that carries the path, may be a dump of what was sent.
  const isDump =
    line.includes(sought.outer) ||
    (!isJson(line) && sought.carriers.some((carrier) => line.toLowerCase().includes(carrier)));
  if (isMethod && !isDump && paths.includes(sought.path)) return { kind: "resource" };
  const isOpen = paths[0] === sought.open && (named ?? "GET") === "GET";
  if (isOpen && (sought.open !== sought.path || sought.method !== "GET")) return { kind: "open" };
  return { kind: "other", seen: `${named === undefined ? "" : `${named} `}${paths[0] ?? line.slice(0, longestSeen)}` };
}

const longestSeen = 120;
const methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE", "PROBE"];
/** Fields that repeat headers, whose paths say nothing of what was asked for. */
const silentFields = /^(?:referr?er|user-?agent|x-request-id|headers?)$/i;

/** The texts of a line in which a path or method may stand: the values of a JSON line, or all of it. */
function textsOf(line: string, carriers: readonly string[]): readonly string[] {
  const value = parse(line);
  if (value === undefined) return [line];
  const texts: string[] = [];
  const walk = (each: unknown, name: string): void => {
    if (silentFields.test(name) || carriers.includes(name.toLowerCase())) return;
    if (typeof each === "string") texts.push(each);
    else if (typeof each === "object" && each !== null)
      for (const [key, inner] of Object.entries(each)) walk(inner, key);
  };
  walk(value, "");
  return texts;
}

function isJson(line: string): boolean {
  return parse(line) !== undefined;
}

function parse(line: string): object | undefined {
  if (!line.trimStart().startsWith("{")) return undefined;
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

/** A query as it was sent: the marker behind one question mark, or two. */
const wholeQuery = new RegExp(`^\\?\\??[^?#]*${markerName}=`);
/** A path that ends in a blank, before its query or at the end of a JSON value. */
const cutPath = new RegExp(`\\s[?#][^\\s]*${markerName}=|^/\\S*\\s+$`);

/** Every path in a text, without query and fragment; of a URI its path. */
function pathsIn(text: string): readonly string[] {
  if (cutPath.test(text)) return [text.trim()];
  return text.split(/[\s"'`,<>()[\]{}|]+/).flatMap((token) => {
    const uri = /^[a-z][a-z0-9+.-]*:\/\/[^/?#]*(.*)$/i.exec(token);
    const target = uri === null ? token.replace(/^[a-z]+=/i, "") : (uri[1] ?? "");
    if (!target.startsWith("/")) return [];
    const path = target.replace(/[?#].*$/, "");
    // What was decoded may stand between path and query: `/admin #?mdprobe=…` and `/admin?x?mdprobe=…` are not /admin.
    if (target.includes(`${markerName}=`) && target.includes("?") && !wholeQuery.test(target.slice(path.length)))
      return [target];
    // `path=/admin mdprobe=…`: an application may print query and path apart.
    return [path.replace(new RegExp(`&${markerName}=.*$`), "")];
  });
}

/** The first method that is named: a word of a text line, or a whole value of a JSON line. */
function methodIn(texts: readonly string[]): string | undefined {
  const pattern = new RegExp(`(?<![\\w/-])(${methods.join("|")})(?![\\w/-])`);
  for (const text of texts) {
    const found = pattern.exec(text)?.[1];
    if (found !== undefined) return found;
  }
  return texts.map((text) => text.toUpperCase()).find((text) => methods.includes(text));
}

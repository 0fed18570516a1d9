import type { PathNormalization } from "../model/mesh.ts";

export type NormalizedPath =
  | { readonly ok: true; readonly path: string }
  | { readonly ok: false; readonly details: string };

/**
 * What the path of a request becomes before any policy sees it and before it is forwarded (spec AP-70…AP-74, errata security 1–6).
 * The query is untouched. Bytes above 0x7e never get here: the codec refuses them.
 */
export function normalizePath(target: string, mode: PathNormalization): NormalizedPath {
  const hash = target.indexOf("#");
  const whole = hash < 0 ? target : target.slice(0, hash);
  if (mode === "NONE" || !whole.startsWith("/")) return { ok: true, path: whole };
  if (isPlain(whole)) return { ok: true, path: whole };

  const question = whole.indexOf("?");
  const query = question < 0 ? "" : whole.slice(question);
  let path = question < 0 ? whole : whole.slice(0, question);
  if (mode === "DECODE_AND_MERGE_SLASHES") path = unescapeSlashes(path);
  const canonical = canonicalize(stripDotParameters(path));
  if (canonical === undefined) return { ok: false, details: "path_normalization_failed" };
  path = removeDotSegments(canonical);
  return { ok: true, path: (mode === "BASE" ? path : mergeSlashes(path)) + query };
}

/** Most paths need nothing: no escape, no dot after a slash, no double slash, no character that is rewritten. */
function isPlain(path: string): boolean {
  return !/[%\\"<>^`{|}]|\/[./]/.test(path);
}

function unescapeSlashes(path: string): string {
  return path.replaceAll(/%2f/gi, "/").replaceAll(/%5c/gi, "\\");
}

/** A segment `..;anything` becomes `..`, `.;anything` becomes `.`: as written, before any decoding. */
function stripDotParameters(path: string): string {
  if (!path.includes(".;")) return path;
  return path
    .split("/")
    .map((segment) => /^(\.\.?);/.exec(segment)?.[1] ?? segment)
    .join("/");
}

/** Decodes escapes of unreserved characters, writes `\` as `/`, escapes what may not stand raw; undefined for `%00`. */
function canonicalize(path: string): string | undefined {
  let out = "";
  let invalidPercent = -1;
  for (let index = 0; index < path.length; index += 1) {
    const char = path[index] ?? "";
    if (char === "\\") {
      out += "/";
    } else if (char === "%") {
      const escape = /^[0-9a-fA-F]{2}/.exec(path.slice(index + 1, index + 3))?.[0];
      if (escape === undefined) {
        invalidPercent = out.length;
        out += "%";
        continue;
      }
      index += 2;
      const code = Number.parseInt(escape, 16);
      if (code === 0) return undefined;
      const decoded = String.fromCharCode(code);
      if (!/[A-Za-z0-9\-._~]/.test(decoded)) {
        out += `%${escape}`;
        continue;
      }
      out += decoded;
      if (invalidPercent >= 0 && invalidPercent >= out.length - 3)
        out = guardNestedEscape(out, invalidPercent, path[index + 1]);
    } else {
      out += /["<>^`{|}]/.test(char) || char <= " " || char > "~" ? escapeCharacter(char) : char;
    }
  }
  return out;
}

/** Decoding right behind a stray `%` must not create a new escape: `%%61d` would read `%ad` and becomes `%25ad` (errata security 3). */
function guardNestedEscape(out: string, percent: number, next: string | undefined): string {
  const tail = out.slice(percent + 1);
  const candidate = tail.length === 1 ? tail + (next ?? "") : tail;
  return /^[0-9a-fA-F]{2}$/.test(candidate) ? `${out.slice(0, percent)}%25${tail}` : out;
}

function escapeCharacter(char: string): string {
  return `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`;
}

function removeDotSegments(path: string): string {
  if (!path.includes("/.")) return path;
  const segments = path.slice(1).split("/");
  const kept: string[] = [];
  for (const [index, segment] of segments.entries()) {
    const last = index === segments.length - 1;
    if (segment === "..") kept.pop();
    else if (segment !== ".") kept.push(segment);
    if (last && (segment === "." || segment === "..")) kept.push("");
  }
  return `/${kept.join("/")}`;
}

/** Runs of slashes become one; a path of nothing but slashes keeps two (errata security 5). */
function mergeSlashes(path: string): string {
  if (!path.includes("//")) return path;
  const joined = path
    .split("/")
    .filter((segment) => segment !== "")
    .join("/");
  return `/${joined}${path.endsWith("/") ? "/" : ""}`;
}

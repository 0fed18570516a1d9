/**
 * What a proxy makes of a request target before it looks at policies and forwards it (spec AP-70…AP-74, errata security 1–6); undefined:
 * it answers 400. Character by character, one step after the other.
 */
export function normalizedTarget(target: string, mode: string): string | undefined {
  const [whole = ""] = target.split("#");
  if (mode === "NONE") return whole;
  const [path = "", ...queries] = whole.split("?");
  const query = queries.length === 0 ? "" : `?${queries.join("?")}`;
  const slashes = mode === "DECODE_AND_MERGE_SLASHES" ? path.replaceAll(/%2f/gi, "/").replaceAll(/%5c/gi, "\\") : path;
  const written = rewritten(slashes.split("/").map(withoutParameters).join("/"));
  if (written === undefined) return undefined;
  const walked = walk(written);
  const merged = mode === "MERGE_SLASHES" || mode === "DECODE_AND_MERGE_SLASHES" ? merge(walked) : walked;
  return merged + query;
}

/** errata 1: `..;a` is `..` and `.;a` is `.`. */
function withoutParameters(segment: string): string {
  if (segment.startsWith("..;")) return "..";
  return segment.startsWith(".;") ? "." : segment;
}

function rewritten(path: string): string | undefined {
  const pieces: string[] = [];
  for (let rest = path; rest !== "";) {
    const escape = /^%([0-9A-Fa-f]{2})/.exec(rest);
    if (escape === null) {
      const [first = ""] = rest;
      if (first === "\\") pieces.push("/");
      else if (first === "%") pieces.push(stray);
      else pieces.push(/["<>^`{|}]/.test(first) ? `%${first.charCodeAt(0).toString(16).toUpperCase()}` : first);
      rest = rest.slice(1);
      continue;
    }
    const [text, hex = ""] = escape;
    if (hex === "00") return undefined;
    const byte = String.fromCharCode(Number.parseInt(hex, 16));
    pieces.push(/[A-Za-z0-9\-._~]/.test(byte) ? byte : text);
    rest = rest.slice(3);
  }
  const joined = pieces.join("");
  // errata 3: what was decoded behind a stray % must not make a new escape of it.
  return joined.replaceAll(new RegExp(`${stray}(?=[0-9A-Fa-f]{2})`, "g"), "%25").replaceAll(stray, "%");
}

/** Stands for a % that begins no escape; no target holds a NUL. */
const stray = "\0";

/** Dot segments; one at the end leaves its slash. */
function walk(path: string): string {
  const kept: string[] = [];
  const segments = path.split("/").slice(1);
  for (const segment of segments) {
    if (segment === "..") kept.pop();
    else if (segment !== ".") kept.push(segment);
  }
  const last = segments.at(-1);
  if (last === "." || last === "..") kept.push("");
  return `/${kept.join("/")}`;
}

/** errata 5: nothing but slashes stays two. */
function merge(path: string): string {
  return /^\/{2,}$/.test(path) ? "//" : path.replaceAll(/\/{2,}/g, "/");
}

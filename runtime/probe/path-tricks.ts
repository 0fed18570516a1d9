import { type Attempt, http1, type Shot } from "./attempt.ts";

/** A denied path in its parts. */
interface Parts {
  readonly path: string;
  /** Before the last slash, `/a` of `/a/b`; empty at the top. */
  readonly folder: string;
  readonly name: string;
  /** A path that the caller may call, without a slash at its end. */
  readonly open: string;
}

/** Spellings that an application, or a hop before it, may read as the same path. */
const spellings: readonly (readonly [name: string, write: (parts: Parts) => string])[] = [
  ["two slashes in front", ({ path }) => `/${path}`],
  ["three slashes in front", ({ path }) => `//${path}`],
  ["two slashes inside", ({ folder, name }) => `${folder}//${name}`],
  ["a dot segment", ({ folder, name }) => `${folder}/./${name}`],
  ["a dot segment at the end", ({ path }) => `${path}/.`],
  ["out of a folder", ({ folder, name }) => `${folder}/x/../${name}`],
  ["out of an allowed path", ({ path, open }) => `${open}/..${path}`],
  ["into itself and out", ({ path, name }) => `${path}/../${name}`],
  ["%2e segment", ({ folder, name }) => `${folder}/%2e/${name}`],
  ["%2e%2e out of a folder", ({ folder, name }) => `${folder}/x/%2e%2e/${name}`],
  ["%2e%2e out of an allowed path", ({ path, open }) => `${open}/%2e%2e${path}`],
  ["half-encoded dots", ({ folder, name }) => `${folder}/x/.%2E/${name}`],
  ["%2f instead of a slash", ({ folder, name }) => `${folder}/x/..%2f${name}`],
  ["%2F in front", ({ path }) => `/%2F${path.slice(1)}`],
  ["%2f behind an allowed path", ({ path, open }) => `${open}%2f..${path}`],
  ["%2f at the end", ({ path }) => `${path}%2f`],
  ["a backslash in front", ({ path }) => `/\\${path.slice(1)}`],
  ["a backslash behind dots", ({ folder, name }) => `${folder}/x/..\\${name}`],
  ["a backslash at the end", ({ path }) => `${path}\\`],
  ["%5c in front", ({ path }) => `/%5c${path.slice(1)}`],
  ["%5C behind dots", ({ folder, name }) => `${folder}/x/..%5C${name}`],
  ["a matrix parameter", ({ path }) => `${path};x=1`],
  ["an empty matrix parameter", ({ path }) => `${path};`],
  ["a matrix parameter in front", ({ path }) => `/;x=1${path}`],
  ["a matrix parameter behind dots", ({ folder, name }) => `${folder}/x/..;/${name}`],
  ["a matrix parameter out of an allowed path", ({ path, open }) => `${open}/..;${path}`],
  ["upper case", ({ path }) => path.toUpperCase()],
  ["first letter in the other case", ({ folder, name }) => `${folder}/${swapCase(name.slice(0, 1))}${name.slice(1)}`],
  ["a slash at the end", ({ path }) => `${path}/`],
  ["two slashes at the end", ({ path }) => `${path}//`],
  ["a dot at the end", ({ path }) => `${path}.`],
  ["a blank at the end", ({ path }) => `${path}%20`],
  ["a tab at the end", ({ path }) => `${path}%09`],
  ["a NUL at the end", ({ path }) => `${path}%00`],
  ["a line break at the end", ({ path }) => `${path}%0a`],
  ["a file extension", ({ path }) => `${path}.json`],
  ["first letter encoded", ({ folder, name }) => `${folder}/${encode(name.slice(0, 1))}${name.slice(1)}`],
  ["every letter encoded", ({ folder, name }) => `${folder}/${encode(name)}`],
  [
    "first letter encoded twice",
    ({ folder, name }) => `${folder}/%25${encode(name.slice(0, 1)).slice(1)}${name.slice(1)}`,
  ],
  ["%252f instead of a slash", ({ folder, name }) => `${folder}/x/..%252f${name}`],
  ["%252e%252e", ({ folder, name }) => `${folder}/x/%252e%252e/${name}`],
  ["an overlong slash", ({ folder, name }) => `${folder}/x/..%c0%af${name}`],
  ["a wide letter", ({ folder, name }) => `${folder}/${encodeURIComponent(widen(name.slice(0, 1)))}${name.slice(1)}`],
  ["an encoded question mark", ({ path }) => `${path}%3fx`],
  ["an encoded fragment", ({ path }) => `${path}%23`],
  ["a broken escape", ({ path }) => `${path}%`],
];

const queries: readonly (readonly [name: string, write: (parts: Parts) => string])[] = [
  ["an empty query", ({ path }) => `${path}?`],
  ["two question marks", ({ path }) => `${path}??x`],
  ["a path in the query", ({ path }) => `${path}?/x/../../y`],
  ["a fragment", ({ path }) => `${path}#/x`],
  ["a fragment before dots", ({ path, open }) => `${open}#/..${path}`],
  ["dots behind a question mark", ({ path, open }) => `${open}?/..${path}`],
  ["an ampersand", ({ path }) => `${path}&x=1`],
];

/** The denied path in other spellings, and whole URIs in its place. */
export function pathAttempts(shot: Shot): readonly Attempt[] {
  const at = shot.path.lastIndexOf("/");
  const parts = {
    path: shot.path,
    folder: shot.path.slice(0, at),
    name: shot.path.slice(at + 1),
    open: shot.open === "/" ? "" : shot.open,
  };
  const seen = new Set([shot.path]);
  const fresh = (target: string): boolean => seen.size < seen.add(target).size;
  const uris: readonly (readonly [string, string])[] = [
    ["an absolute URI", `http://${shot.authority}${shot.path}`],
    ["an absolute URI with two slashes", `http://${shot.authority}/${shot.path}`],
    ["an absolute URI of https", `https://${shot.authority}${shot.path}`],
    ["an absolute URI of another host", `http://localhost${shot.path}`],
    ["an absolute URI with a user", `http://x@${shot.authority}${shot.path}`],
    ["an absolute URI with its scheme in upper case", `HTTP://${shot.authority}${shot.path}`],
    ["no slash in front", shot.path.slice(1)],
  ];
  const all = [
    ...[...spellings.map(([name, write]) => [name, write(parts)] as const), ...uris].map(
      ([name, target]) => ["path", name, target] as const,
    ),
    ...queries.map(([name, write]) => ["query", name, write(parts)] as const),
  ];
  return all
    .filter(([, , target]) => target !== "" && fresh(target))
    .map(([technique, name, target]) => http1(shot, technique, name, { target }));
}

function encode(text: string): string {
  return Array.from(text, (letter) => `%${letter.charCodeAt(0).toString(16).padStart(2, "0")}`).join("");
}

function swapCase(letter: string): string {
  return letter === letter.toUpperCase() ? letter.toLowerCase() : letter.toUpperCase();
}

/** The full-width form of an ASCII letter, which some normalisations fold back. */
function widen(letter: string): string {
  const code = letter.charCodeAt(0);
  return code > 0x20 && code < 0x7f ? String.fromCharCode(code + 0xfee0) : letter;
}

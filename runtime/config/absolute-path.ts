/** `path` below `directory`, unless it is absolute; undefined: the folder itself. */
export function absolutePath(directory: string, path: string | undefined): string {
  const root = directory.replace(/(?<=.)[\\/]+$/, "");
  if (path === undefined) return root;
  if (/^(?:[\\/]|[A-Za-z]:[\\/])/.test(path)) return path;
  const absolute = root.startsWith("/") ? "/" : "";
  const parts: string[] = [];
  for (const part of `${root}/${path}`.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return absolute + parts.join("/");
}

/** A path as files that are read are named: relative to `directory` when it is below it, absolute otherwise. */
export function shownPath(directory: string, path: string): string {
  const absolute = absolutePath(directory, path);
  const root = `${absolutePath(directory, undefined)}/`;
  return absolute.startsWith(root) ? absolute.slice(root.length) : absolute;
}

import { absolutePath } from "../absolute-path.ts";

/** Whether a file, as problems name it, is one of `paths` or below one of them. `-` is stdin. */
export function isAmong(file: string, paths: readonly string[], directory: string): boolean {
  const absolute = `${absolutePath(directory, file)}/`;
  return paths.some((path) =>
    path === "-" || file === "-" ? path === file : absolute.startsWith(`${trimmed(absolutePath(directory, path))}/`),
  );
}

function trimmed(path: string): string {
  return path.replace(/\/+$/, "");
}

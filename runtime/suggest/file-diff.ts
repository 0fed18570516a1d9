import { createTwoFilesPatch, diffLines, FILE_HEADERS_ONLY } from "diff";
import type { FileEdit } from "./suggest.ts";

/** As `git apply` and `patch -p1` read it. */
export function diffOf({ path, before, after }: FileEdit): string {
  return createTwoFilesPatch(`a/${path}`, `b/${path}`, before, after, undefined, undefined, {
    context: 3,
    headerOptions: FILE_HEADERS_ONLY,
  });
}

/** How many lines come and go. */
export function linesOf({ before, after }: FileEdit): number {
  return diffLines(before, after).reduce((sum, { added, removed, count }) => sum + (added || removed ? count : 0), 0);
}

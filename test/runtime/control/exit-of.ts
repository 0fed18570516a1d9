import { startFailure } from "../../../runtime/control/start-report.ts";
import type { Code } from "../../../runtime/core/codes.ts";
import { MeshError } from "../../../runtime/core/error.ts";

/** The exit code that a start ends with when this goes wrong. */
export function exitOf(code: Code): number {
  return startFailure(new MeshError(code, "x")).exit;
}

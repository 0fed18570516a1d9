import { resolve } from "node:path";
import type { Workload } from "../model/mesh.ts";

/** The hook that NODE_OPTIONS loads into user programs. */
export const hookFile = resolve(import.meta.dirname, "hook", "hook.cjs");

export interface CapturedProgram {
  readonly session: string;
  readonly workload: Workload;
  /** JSON file that configures the hook. */
  readonly hookConfig: string;
}

/**
 * Variables that put a program behind its sidecar. URL and proxy variables for other languages join here: they need TCP ports that
 * the sidecar opens on demand.
 */
export function captureVariables(
  program: CapturedProgram,
  nodeOptions: string | undefined,
): Readonly<Record<string, string>> {
  const require = `--require ${JSON.stringify(hookFile)}`;
  const port = program.workload.ports[0]?.port;
  return {
    MESHDEV_SESSION: program.session,
    MESHDEV_WORKLOAD: program.workload.id,
    MESHDEV_HOOK: program.hookConfig,
    NODE_OPTIONS: nodeOptions === undefined || nodeOptions.trim() === "" ? require : `${nodeOptions} ${require}`,
    ...(port === undefined ? {} : { PORT: String(port) }),
  };
}

/** The whole environment of a program: the user's, `env:` of the project file over it, and ours over both. */
export function programEnvironment(
  program: CapturedProgram,
  base: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string>> {
  const env: Record<string, string> = { PYTHONUNBUFFERED: "1" };
  for (const [name, value] of Object.entries(base))
    if (value !== undefined && !name.startsWith("MESHDEV_")) env[name] = value;
  Object.assign(env, program.workload.program?.env);
  return { ...env, ...captureVariables(program, env["NODE_OPTIONS"]) };
}

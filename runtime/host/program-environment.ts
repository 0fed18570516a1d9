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
  return {
    ...ownVariables(program),
    MESHDEV_HOOK: program.hookConfig,
    NODE_OPTIONS: nodeOptions === undefined || nodeOptions.trim() === "" ? require : `${nodeOptions} ${require}`,
  };
}

/** The whole environment of a program with the hook: the user's, `env:` of the project file over it, and ours over both. */
export function programEnvironment(program: CapturedProgram, base: Environment): Readonly<Record<string, string>> {
  const env = declaredEnvironment(program, base);
  return { ...env, ...captureVariables(program, env["NODE_OPTIONS"]) };
}

/** The whole environment of a program in a pod, which needs nothing but its port. */
export function podEnvironment(
  program: Omit<CapturedProgram, "hookConfig">,
  base: Environment,
): Readonly<Record<string, string>> {
  return { ...declaredEnvironment(program, base), ...ownVariables(program) };
}

type Environment = Readonly<Record<string, string | undefined>>;

function declaredEnvironment(
  { workload }: Pick<CapturedProgram, "workload">,
  base: Environment,
): Record<string, string> {
  const env: Record<string, string> = { PYTHONUNBUFFERED: "1" };
  for (const [name, value] of Object.entries(base))
    if (value !== undefined && !name.startsWith("MESHDEV_")) env[name] = value;
  return Object.assign(env, workload.program?.env);
}

function ownVariables({ session, workload }: Omit<CapturedProgram, "hookConfig">): Record<string, string> {
  const port = workload.ports[0]?.port;
  return {
    MESHDEV_SESSION: session,
    MESHDEV_WORKLOAD: workload.id,
    ...(port === undefined ? {} : { PORT: String(port) }),
  };
}

import { homedir } from "node:os";
import { join } from "node:path";

type Env = Readonly<Record<string, string | undefined>>;

/** Lets our own Node processes keep compiled code between starts; a user's own choice stays. */
export function withCompileCache(env: Env): Env {
  return env["NODE_COMPILE_CACHE"] === undefined ? { ...env, NODE_COMPILE_CACHE: folder(env) } : env;
}

/** What a program inherits: not our cache. */
export function withoutCompileCache(env: Env): Env {
  if (env["NODE_COMPILE_CACHE"] !== folder(env)) return env;
  return Object.fromEntries(Object.entries(env).filter(([name]) => name !== "NODE_COMPILE_CACHE"));
}

function folder(env: Env): string {
  const cache = env["XDG_CACHE_HOME"];
  return join(
    cache !== undefined && cache.startsWith("/") ? cache : join(env["HOME"] ?? homedir(), ".cache"),
    "meshdev",
    "compiled",
  );
}

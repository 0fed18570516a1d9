import { MeshError } from "../../core/error.ts";
import type { EngineAddress } from "./engine-address.ts";

/** What an engine's silence or answer means, and what to do next. `what` is what was asked: `list containers`. */
export function engineFault(error: unknown, what: string, { url, source }: EngineAddress): MeshError {
  if (error instanceof MeshError) return error;
  const code = textOf(error, "code");
  const words = textOf(error, "message") ?? String(error);
  const at = `${url} (from ${source})`;
  if (code === "ENOENT")
    return new MeshError("MD6022", `nothing is at ${at}`, { hint: "start the engine, or correct DOCKER_HOST" });
  if (code === "EACCES" || code === "EPERM") {
    return new MeshError("MD6023", `no permission for ${at}`, {
      hint: "`sudo usermod -aG docker $USER` and a new login, rootless Docker or Podman, or another DOCKER_HOST",
    });
  }
  if (code === "ECONNREFUSED")
    return new MeshError("MD6022", `nobody listens at ${at}`, { hint: "start the engine; its socket is left over" });
  if (code === "ENOTFOUND" || code === "EHOSTUNREACH" || code === "ETIMEDOUT")
    return new MeshError("MD6022", `${at} cannot be reached: ${words}`, { hint: "correct DOCKER_HOST" });
  if (code?.startsWith("HPE_") === true || (what === "ping" && textOf(error, "statusCode") === "404"))
    return new MeshError("MD6022", `${at} answers, but not as a container engine`, { hint: "correct DOCKER_HOST" });
  if (code === "ECONNRESET" || code === "EPIPE")
    return new MeshError("MD6021", `${at} does not answer (${what})`, { hint: "restart the engine" });
  if (/no space left on device|disk quota exceeded/i.test(words))
    return new MeshError("MD6027", `the engine has no room: ${words}`, {
      hint: "`docker system df` shows what uses it",
    });
  if (what.startsWith("pull ")) {
    return new MeshError("MD6024", `the engine cannot ${what}: ${words}`, {
      hint: "correct the image's name, `docker login`, or bring the image by `docker load` and use pull_policy: never",
    });
  }
  if (what.startsWith("build ")) {
    return new MeshError("MD6025", `the engine cannot ${what}: ${words}`, {
      hint: "correct the Dockerfile; a base that cannot be had is brought by `docker pull` or `docker load`",
    });
  }
  return new MeshError("MD6029", `the engine refused to ${what}: ${words}`);
}

function textOf(error: unknown, name: string): string | undefined {
  const value: unknown = typeof error === "object" && error !== null ? Reflect.get(error, name) : undefined;
  return typeof value === "string" || typeof value === "number" ? String(value) : undefined;
}

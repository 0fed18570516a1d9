import { accessSync, constants, existsSync } from "node:fs";
import { MeshError } from "../../core/error.ts";
import type { MachineCheck } from "../examination.ts";
import { usualPlaces, type EngineSurroundings } from "./engine-address.ts";
import { openEngine, type EngineClient } from "./engine-client.ts";

type Finding = Omit<MachineCheck, "topic">;

/** What doctor says about container engines: the one that would be used, what it can do, and which others are there. */
export async function examineEngines(around: EngineSurroundings): Promise<readonly Finding[]> {
  const first = await examineEngine(around);
  const others = usualPlaces(around).filter((path) => existsSync(path) && !(first.used?.endsWith(path) ?? false));
  return [...first.findings, ...others.map(examineSocket)];
}

async function examineEngine(
  around: EngineSurroundings,
): Promise<{ readonly findings: readonly Finding[]; readonly used: string | undefined }> {
  let engine: EngineClient;
  try {
    engine = await openEngine(around);
  } catch (error) {
    const hint = error instanceof MeshError ? (error.hint ?? null) : null;
    const reason = error instanceof Error ? error.message : String(error);
    const findings: readonly Finding[] = [
      { name: "engine", title: "a container engine answers", outcome: "failed", reason, hint },
      { name: "memory-limits", title: "it limits memory", outcome: "not tried", reason: null, hint: null },
    ];
    return { findings, used: undefined };
  }
  const how = engine.rootless ? "rootless" : "as root";
  const title = `${engine.title}, ${how}, at ${engine.address.url} (from ${engine.address.source})`;
  return {
    used: engine.address.url,
    findings: [
      { name: "engine", title, outcome: "ok", reason: null, hint: null },
      engine.limitsMemory
        ? { name: "memory-limits", title: "it limits memory", outcome: "ok", reason: null, hint: null }
        : {
            name: "memory-limits",
            title: "it limits memory",
            outcome: "failed",
            reason: "the engine has no cgroup controller for memory",
            hint: "mem_limit has no effect; rootless engines need cgroup v2 with delegation",
          },
    ],
  };
}

function examineSocket(path: string): Finding {
  const name = `socket ${path}`;
  const title = `another engine, at ${path} (DOCKER_HOST=unix://${path} uses it)`;
  try {
    accessSync(path, constants.R_OK | constants.W_OK);
    return { name, title, outcome: "ok", reason: null, hint: null };
  } catch {
    return { name, title, outcome: "not tried", reason: null, hint: null };
  }
}

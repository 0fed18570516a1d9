import type { Container, ContainerMount } from "../model/container.ts";
import { absolutePath } from "./absolute-path.ts";
import type { ContainerSpec } from "./project-container.ts";

/** Whether an entry runs as a container. */
export function isContainer({ image, build }: ContainerSpec): boolean {
  return image !== undefined || build !== undefined;
}

/** What a variant does not say it inherits; another image is not built as its service's is. */
export function mergeContainers(base: ContainerSpec, over: ContainerSpec): ContainerSpec {
  const { image, build, ...rest } = base;
  const origin = isContainer(over)
    ? {}
    : { ...(image === undefined ? {} : { image }), ...(build === undefined ? {} : { build }) };
  return { ...rest, ...origin, ...over, keys: [...new Set([...base.keys, ...over.keys])] };
}

/** Defaults filled in, paths absolute. `built` is the tag of an image that is built and has no name. */
export function containerOf(spec: ContainerSpec, directory: string, built: string): Container {
  const { build } = spec;
  return {
    image: spec.image ?? built,
    build: build === undefined ? undefined : { ...build, context: absolutePath(directory, build.context) },
    pullPolicy: spec.pullPolicy ?? (build === undefined ? "missing" : "build"),
    entrypoint: spec.entrypoint,
    command: spec.command,
    mounts: (spec.mounts ?? []).map((mount) => absoluteMount(mount, directory)),
    user: spec.user,
    workingDirectory: spec.workingDirectory,
    healthcheck: spec.healthcheck,
    tty: spec.tty ?? false,
    memoryLimit: spec.memoryLimit,
    cpuLimit: spec.cpuLimit,
  };
}

function absoluteMount(mount: ContainerMount, directory: string): ContainerMount {
  return mount.kind === "bind" ? { ...mount, source: absolutePath(directory, mount.source) } : mount;
}

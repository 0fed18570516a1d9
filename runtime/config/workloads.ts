import type { NeedCondition } from "../model/container.ts";
import type { Program, ReadyProbe, RestartPolicy } from "../model/mesh.ts";
import type { Labels, Resource } from "../model/resource.ts";
import type { SourcePosition } from "../core/source.ts";
import { absolutePath } from "./absolute-path.ts";
import { containerOf, isContainer, mergeContainers } from "./container.ts";
import type { EnvFileSpec } from "./env-files.ts";
import type { PodFacts } from "./kubernetes/environment.ts";
import type { ContainerSpec } from "./project-container.ts";
import type { PortSpec, PublishSpec } from "./project-ports.ts";
import type { ReadySpec } from "./project-readiness.ts";
import type { ServiceSpec, VariantSpec } from "./project-service.ts";
import { watchRule, type WatchSpec } from "./watch-spec.ts";
import type { ProjectSpec } from "./project.ts";

/** A service or variant of the project file with its defaults filled in: the template of its workloads. */
export interface Group {
  readonly key: string;
  /** The Kubernetes document that it comes from; such a group has no Service of its own. */
  readonly resource?: Resource;
  /** The service behind whose Service it stands: itself, or what a variant extends. */
  readonly parent: string;
  readonly field: string;
  readonly at: SourcePosition | undefined;
  readonly namespace: string;
  readonly serviceAccount: string;
  readonly labels: Labels;
  readonly annotations: Labels;
  readonly sidecar: boolean;
  readonly instances: number;
  readonly ports: readonly PortSpec[];
  readonly publish: readonly PublishSpec[];
  readonly profiles: readonly string[];
  readonly needs: readonly string[];
  readonly run: string | readonly string[] | undefined;
  readonly cwd: string | undefined;
  readonly env: Labels;
  readonly envFiles: readonly EnvFileSpec[];
  /** Variables that differ between its pods, below `env`. */
  readonly podEnv?: (pod: PodFacts) => Labels;
  readonly ready: ReadySpec | undefined;
  readonly restart: RestartPolicy | undefined;
  readonly watch: WatchSpec | undefined;
  readonly conditions: Readonly<Record<string, NeedCondition>>;
  readonly stopGraceMs: number | undefined;
  readonly container: ContainerSpec;
}

/** Services first, then variants; a variant of an unknown service is left out (it is a problem of its own). */
export function projectGroups(project: ProjectSpec): readonly Group[] {
  const services = new Map(project.services.map((service) => [service.key, service] as const));
  return [
    ...project.services.map((service) => toGroup(service)),
    ...project.variants.flatMap((variant) => {
      const parent = services.get(variant.extends);
      return parent === undefined ? [] : [variantGroup(variant, parent)];
    }),
  ];
}

function toGroup(service: ServiceSpec): Group {
  return {
    key: service.key,
    parent: service.key,
    field: service.field,
    at: service.at,
    namespace: service.namespace ?? "default",
    serviceAccount: service.serviceAccount ?? service.key,
    labels: { app: service.key, version: "v1", ...service.labels },
    annotations: service.annotations,
    sidecar: service.sidecar ?? true,
    instances: service.instances ?? 1,
    ports: service.ports ?? [],
    publish: service.publish,
    profiles: service.profiles ?? [],
    needs: service.needs ?? [],
    run: service.run,
    cwd: service.cwd,
    env: service.env,
    envFiles: service.envFiles ?? [],
    ready: service.ready,
    restart: service.restart,
    watch: service.watch,
    conditions: service.conditions ?? {},
    stopGraceMs: service.stopGraceMs,
    container: service.container,
  };
}

/** Parent's app, account and namespace, own version; what a variant does not say it inherits, except published ports. */
function variantGroup(variant: VariantSpec, parent: ServiceSpec): Group {
  const base = toGroup(parent);
  const suffix = variant.key.startsWith(`${parent.key}-`) ? variant.key.slice(parent.key.length + 1) : variant.key;
  return {
    ...base,
    key: variant.key,
    field: variant.field,
    at: variant.at,
    namespace: variant.namespace ?? base.namespace,
    serviceAccount: variant.serviceAccount ?? base.serviceAccount,
    labels: { ...base.labels, version: suffix, ...variant.labels },
    annotations: { ...base.annotations, ...variant.annotations },
    sidecar: variant.sidecar ?? base.sidecar,
    instances: variant.instances ?? 1,
    ports: variant.ports ?? base.ports,
    publish: variant.publish,
    profiles: variant.profiles ?? base.profiles,
    needs: variant.needs ?? base.needs,
    conditions: variant.needs === undefined ? base.conditions : (variant.conditions ?? {}),
    stopGraceMs: variant.stopGraceMs ?? base.stopGraceMs,
    // What it says of these replaces what its service runs, of whichever kind.
    run: variant.run ?? (isContainer(variant.container) ? undefined : base.run),
    container: variant.run === undefined ? mergeContainers(base.container, variant.container) : variant.container,
    cwd: variant.cwd ?? base.cwd,
    env: { ...base.env, ...variant.env },
    envFiles: variant.envFiles ?? base.envFiles,
    ready: variant.ready ?? base.ready,
    restart: variant.restart ?? base.restart,
    watch: variant.watch ?? base.watch,
  };
}

/** What a group runs; `mesh` names the images that it builds. */
export function programOf(group: Group, directory: string, pod: PodFacts, mesh: string): Program | undefined {
  const watch = watchRule(group.watch, directory, group.cwd);
  const common = {
    env: { ...group.podEnv?.(pod), ...group.env },
    needs: group.needs,
    ...(Object.keys(group.conditions).length === 0 ? {} : { conditions: group.conditions }),
    ready: readyProbe(group),
    ...(group.restart === undefined ? {} : { restart: group.restart }),
    ...(watch === undefined ? {} : { watch }),
    ...(group.stopGraceMs === undefined ? {} : { stopGraceMs: group.stopGraceMs }),
  };
  if (isContainer(group.container))
    return {
      ...common,
      container: containerOf(
        group.container,
        directory,
        `meshdev/${mesh.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-")}-${group.key}`,
      ),
    };
  if (group.run === undefined) return undefined;
  return { command: group.run, cwd: absolutePath(directory, group.cwd), ...common };
}

/** Declared TCP ports accept; a program without any is a job and ready at spawn. */
function readyProbe(group: Group): ReadyProbe {
  const first = group.ports.find((port) => port.transport === "TCP");
  const { healthcheck } = group.container;
  if (group.ready === undefined && healthcheck !== undefined && healthcheck !== "none") return { kind: "healthcheck" };
  if (group.ready?.kind === "http") {
    const port = group.ready.port ?? first?.target;
    return port === undefined
      ? { kind: "spawn" }
      : { kind: "http", path: group.ready.path, port, everyMs: group.ready.everyMs };
  }
  if (group.ready !== undefined) return first === undefined ? { kind: "spawn" } : { kind: group.ready.kind };
  return first === undefined ? { kind: "spawn" } : { kind: "ports" };
}

/** `frontend-1` in `default`, `frontend-1.shop` elsewhere. */
export function workloadId(name: string, namespace: string): string {
  return namespace === "default" ? name : `${name}.${namespace}`;
}

export function projectName(project: ProjectSpec, directory: string): string {
  return project.name ?? directory.split(/[\\/]/).findLast((part) => part !== "") ?? "mesh";
}

import type { Problem } from "../../core/problem.ts";
import type { ContainerMount, Healthcheck } from "../../model/container.ts";
import { joinIndex } from "../field-path.ts";
import type { ContainerSpec } from "../project-container.ts";
import type { Container } from "../shapes-workloads.ts";
import { isRecord } from "../yaml-tree.ts";
import { type DataObjects, problemAt } from "./objects.ts";
import type { PodTemplate } from "./pod-template.ts";
import { bytesOf, cpusOf } from "./quantity.ts";

const pullPolicies = { Always: "always", IfNotPresent: "missing", Never: "never" } as const;

/** The container of a pod template in the words of a project file; `expand` replaces `$(NAME)`. */
export function podContainer(
  template: PodTemplate,
  container: Container,
  path: string,
  expand: (text: string) => string,
  objects: DataObjects,
): { readonly container: ContainerSpec; readonly problems: readonly Problem[] } {
  const { mounts, problems } = readMounts(template, container, path, objects);
  const limits = isRecord(container.resources) ? container.resources["limits"] : undefined;
  const { memory, cpu } = isRecord(limits) ? limits : {};
  const { imagePullPolicy } = container;
  const policy = Object.entries(pullPolicies).find(([name]) => name === imagePullPolicy)?.[1];
  const said = {
    image: container.image,
    pullPolicy: policy,
    // What Kubernetes calls command is the entrypoint of an image, and args its command.
    entrypoint: container.command?.map(expand),
    command: container.args?.map(expand),
    workingDirectory: container.workingDir,
    mounts: mounts.length === 0 ? undefined : mounts,
    user: userOf(container.securityContext) ?? userOf(podSecurity(template)),
    healthcheck: healthcheckOf(container),
    tty: container.tty,
    memoryLimit: bytesOf(memory),
    cpuLimit: cpusOf(cpu),
  };
  return {
    container: { ...Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined)), keys: [] },
    problems,
  };
}

/** A probe that runs a command in the container is its health check. */
function healthcheckOf(container: Container): Healthcheck | undefined {
  const probe = container.readinessProbe ?? container.startupProbe;
  const command = probe?.exec?.command;
  if (command === undefined || command.length === 0) return undefined;
  return {
    test: ["CMD", ...command],
    intervalMs: (probe?.periodSeconds ?? 1) * 1000,
    timeoutMs: probe?.timeoutSeconds === undefined ? undefined : probe.timeoutSeconds * 1000,
    startPeriodMs: undefined,
    retries: probe?.failureThreshold,
  };
}

function podSecurity({ spec }: PodTemplate): unknown {
  const pod: Readonly<Record<string, unknown>> = spec;
  return pod["securityContext"];
}

function userOf(context: unknown): string | undefined {
  if (!isRecord(context)) return undefined;
  const { runAsUser, runAsGroup } = context;
  if (typeof runAsUser !== "number") return undefined;
  return typeof runAsGroup === "number" ? `${runAsUser}:${runAsGroup}` : String(runAsUser);
}

function readMounts(
  template: PodTemplate,
  container: Container,
  path: string,
  objects: DataObjects,
): { readonly mounts: readonly ContainerMount[]; readonly problems: readonly Problem[] } {
  const problems: Problem[] = [];
  const { resource, spec } = template;
  const mounts = (container.volumeMounts ?? []).flatMap((mount, index): readonly ContainerMount[] => {
    const at = joinIndex(`${path}.volumeMounts`, index);
    const { name = "", mountPath: target = "", subPath, readOnly = false } = mount;
    const volume = (spec.volumes ?? []).find((each) => each.name === name);
    if (volume === undefined) {
      problems.push(problemAt(resource, at, { code: "MD1007", message: `the pod has no volume ${name}` }));
      return [];
    }
    if (subPath !== undefined) {
      problems.push(notMounted(resource, at, `subPath of the volume ${name}`));
      return [];
    }
    const { configMap, secret, emptyDir } = volume;
    if (configMap !== undefined || secret !== undefined) {
      const kind = configMap === undefined ? "Secret" : "ConfigMap";
      const wanted = configMap?.name ?? secret?.secretName ?? "";
      const { items, optional } = configMap ?? secret ?? {};
      const found = objects.find(kind, resource.namespace, wanted);
      if (found === undefined && optional !== true)
        problems.push(
          problemAt(resource, at, {
            code: "MD2032",
            message: `there is no ${kind} ${resource.namespace}/${wanted}`,
            hint: "write it into the files, or mark the volume `optional: true`",
          }),
        );
      const data = [...(found?.data ?? [])];
      const chosen =
        items === undefined
          ? data
          : items.flatMap(({ key = "", path: file = key }) =>
              data.filter(([each]) => each === key).map(([, bytes]) => [file, bytes] as const),
            );
      return [
        {
          kind: "files",
          target,
          files: Object.fromEntries(chosen.map(([file, bytes]) => [file, bytes.toString("utf8")])),
        },
      ];
    }
    if (emptyDir !== undefined) return [{ kind: "volume", source: undefined, target, readOnly }];
    const claim: unknown = Object.hasOwn(volume, "persistentVolumeClaim")
      ? (volume as Readonly<Record<string, unknown>>)["persistentVolumeClaim"]
      : undefined;
    if (isRecord(claim) && typeof claim["claimName"] === "string")
      return [{ kind: "volume", source: claim["claimName"], target, readOnly }];
    problems.push(
      notMounted(
        resource,
        at,
        `the volume ${name}, which is none of configMap, secret, emptyDir and persistentVolumeClaim,`,
      ),
    );
    return [];
  });
  return { mounts, problems };
}

function notMounted(resource: PodTemplate["resource"], field: string, what: string): Problem {
  return problemAt(resource, field, { code: "MD2033", severity: "warning", message: `${what} is not mounted` });
}

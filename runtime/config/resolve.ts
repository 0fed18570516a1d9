import { type Checked, type Problem, sortProblems } from "../core/problem.ts";
import type { IssuerProgram } from "../model/issuer.ts";
import type { Mesh, Service, Workload, WorkloadPort } from "../model/mesh.ts";
import { type Labels, positionOf, type Resource } from "../model/resource.ts";
import type { SourceFile } from "../core/source.ts";
import { shownPath } from "./absolute-path.ts";
import { assignAddresses } from "./addresses.ts";
import { readEnvFiles } from "./env-files.ts";
import { unenforced, unenforcedMeshConfig } from "./enforcement.ts";
import { issuerGroup } from "./issuer-group.ts";
import { kubernetesNamespaces, kubernetesServices, type ServiceDraft } from "./kubernetes.ts";
import { resolveMeshConfig } from "./mesh-config.ts";
import { proxyConfigAnnotation, readProxyConfigAnnotation, unenforcedProxyConfig } from "./proxy-config.ts";
import { sortResources } from "./policies.ts";
import { portProtocol } from "./port-protocol.ts";
import { isActive, unknownProfiles } from "./profiles.ts";
import { podGroups } from "./kubernetes/pod-groups.ts";
import { checkGroups } from "./project-check.ts";
import { parseProject, type ProjectSpec } from "./project.ts";
import { checkReferences } from "./references.ts";
import { findTies } from "./ties.ts";
import { checkWatch } from "./watch-spec.ts";
import { type Group, programOf, projectGroups, projectName, workloadId } from "./workloads.ts";

export interface ResolveContext {
  /** Absolute folder of the project file. */
  readonly directory: string;
  readonly env: Readonly<Record<string, string>>;
  /** Variables of `.env` that programs have beside those of ours. */
  readonly added?: Readonly<Record<string, string>>;
  /** Files of variables that services name, by path as it is shown. */
  readonly envFiles?: ReadonlyMap<string, SourceFile>;
  /** What the issuer of `meshdev token` runs; undefined: nothing is run. */
  readonly issuer?: IssuerProgram;
  /** How many instances run, by key, where that is not for the project file to say. */
  readonly scales?: ReadonlyMap<string, number>;
  /** Profiles whose services run. */
  readonly profiles?: readonly string[];
  /** Keys of services that run whatever their profiles are: somebody asked for them by name. */
  readonly named?: ReadonlySet<string>;
  /** The mesh that runs: its addresses are kept. */
  readonly previous?: Mesh;
}

/** From what the files say to what they mean. `value` is absent when the project file contradicts itself; findings about resources are warnings. */
export function resolve(project: ProjectSpec, resources: readonly Resource[], context: ResolveContext): Checked<Mesh> {
  if (!project.interpolated) {
    const [file, ...overlays] = project.sources;
    const replaced = parseProject(file, context.env, overlays);
    if (replaced.value === undefined) return { problems: replaced.problems };
    const { value, problems } = resolve(
      { ...replaced.value, kubernetes: project.kubernetes, runs: project.runs },
      resources,
      context,
    );
    return { ...(value === undefined ? {} : { value }), problems: sortProblems([...replaced.problems, ...problems]) };
  }
  const problems: Problem[] = [];
  const config = resolveMeshConfig(project.meshConfig);
  problems.push(
    ...[...config.problems, ...unenforcedMeshConfig(project.meshConfig)].map((problem) => ({
      ...problem,
      ...project.locate(problem.field ?? ""),
    })),
  );

  const active = context.profiles ?? [];
  const pods = podGroups(project, resources, context.directory);
  problems.push(...pods.problems);
  const fromPods = new Set(pods.groups.map(({ key }) => key));
  const written = [...projectGroups(project).filter(({ key }) => !fromPods.has(key)), ...pods.groups];
  const declared = written
    .filter((group) => isActive(group.profiles, active) || context.named?.has(group.key) === true)
    .map((group) => ({ ...group, instances: context.scales?.get(group.key) ?? group.instances }));
  problems.push(...checkGroups(project, declared, written));
  for (const problem of checkWatch(declared, context.directory))
    problems.push({ ...problem, ...project.locate(problem.field ?? "") });
  const known = [...project.profiles.map(({ name }) => name), ...written.flatMap(({ profiles }) => profiles)];
  problems.push(...unknownProfiles([...new Set(known)], active, project.locate));
  const withFiles = declared.map((group) => withEnvFiles(project, group, context, problems));
  const groups = [...withFiles, ...issuerGroup(declared, resources, context.issuer)];
  for (const { annotations, field, resource } of groups) {
    const said = annotations[proxyConfigAnnotation];
    if (said === undefined) continue;
    const place =
      resource === undefined
        ? project.locate(`${field}.annotations`, "key")
        : { at: positionOf(resource, "spec.template.metadata.annotations") };
    for (const problem of unenforcedProxyConfig(readProxyConfigAnnotation(said)))
      problems.push({ ...problem, ...place });
  }
  const name = projectName(project, context.directory);
  const drafts = serviceDrafts(groups, resources, project, problems);
  const workloads = resolveWorkloads(groups, drafts, context, name);
  const services = resolveServices(drafts, groups, context.previous);
  const { policies, credentials, others } = sortResources(resources);
  if (config.value !== undefined) {
    const mesh: Mesh = {
      name,
      config: config.value,
      features: project.features,
      namespaces: kubernetesNamespaces(
        resources,
        groups.map((group) => group.namespace),
      ),
      workloads,
      services,
      policies,
      credentials,
      others,
    };
    problems.push(...checkReferences(mesh), ...findTies(mesh), ...unenforced(resources, pods.used));
    if (!problems.some((problem) => problem.severity === "error"))
      return { value: mesh, problems: sortProblems(problems) };
  }
  return { problems: sortProblems(problems) };
}

/** `env` of the project file over its `env_file` over `.env`. */
function withEnvFiles(project: ProjectSpec, group: Group, context: ResolveContext, problems: Problem[]): Group {
  const read = readEnvFiles(
    group.envFiles,
    (path) => context.envFiles?.get(shownPath(context.directory, path)),
    context.env,
  );
  for (const problem of read.problems)
    problems.push(problem.at === undefined ? { ...problem, ...project.locate(problem.field ?? "") } : problem);
  return { ...group, env: { ...context.added, ...read.variables, ...group.env } };
}

/** Services of the project file, except those that the mesh folder writes itself, then those of the mesh folder. */
function serviceDrafts(
  groups: readonly Group[],
  resources: readonly Resource[],
  project: ProjectSpec,
  problems: Problem[],
): readonly ServiceDraft[] {
  const written = kubernetesServices(resources);
  const writtenKeys = new Map(written.map((draft) => [`${draft.namespace}/${draft.name}`, draft] as const));
  const own = groups.flatMap((group): readonly ServiceDraft[] => {
    if (group.resource !== undefined || group.parent !== group.key || group.ports.length === 0) return [];
    const replacement = writtenKeys.get(`${group.namespace}/${group.key}`);
    if (replacement?.resource !== undefined) {
      problems.push({
        code: "MD2012",
        severity: "info",
        message: `the Service ${group.namespace}/${group.key} is the one of ${replacement.resource.positions.file}; ports here only say where the program listens`,
        ...project.locate(group.field, "key"),
        field: group.field,
      });
      return [];
    }
    return [
      {
        name: group.key,
        namespace: group.namespace,
        headless: false,
        externalName: undefined,
        ports: group.ports.map((port) => ({
          name: port.name,
          port: port.port,
          target: port.target,
          protocol: portProtocol({
            name: port.name,
            port: port.port,
            appProtocol: port.protocol,
            transport: port.transport,
          }),
        })),
        selector: { app: group.key },
        labels: { app: group.key },
        annotations: {},
        resource: undefined,
      },
    ];
  });
  return [...own, ...written];
}

function resolveWorkloads(
  groups: readonly Group[],
  drafts: readonly ServiceDraft[],
  context: ResolveContext,
  mesh: string,
): readonly Workload[] {
  const ids = groups.flatMap((group) => instanceNames(group).map((name) => workloadId(name, group.namespace)));
  const before = new Map(
    (context.previous?.workloads ?? []).map((workload) => [workload.id, workload.address] as const),
  );
  const addresses = assignAddresses(ids, "10.244", before);
  // Own Services select by `app`; only the others need to be tried one by one.
  const written = Map.groupBy(
    drafts.filter((draft) => draft.resource !== undefined),
    (draft) => draft.namespace,
  );
  return groups.flatMap((group) => {
    const ports = workloadPorts(group, written.get(group.namespace) ?? []);
    const said = group.annotations[proxyConfigAnnotation];
    const proxyConfig = said === undefined ? undefined : readProxyConfigAnnotation(said).config;
    return instanceNames(group).map((name, index): Workload => {
      const id = workloadId(name, group.namespace);
      const address = addresses.get(id) ?? "";
      return {
        id,
        service: group.key,
        name,
        namespace: group.namespace,
        serviceAccount: group.serviceAccount,
        trustDomain: undefined,
        labels: group.labels,
        annotations: group.annotations,
        ...(proxyConfig === undefined ? {} : { proxyConfig }),
        sidecar: group.sidecar,
        address,
        program: programOf(group, context.directory, { name, address }, mesh),
        ports,
        // Only one process can hold a host port: the first instance.
        publish:
          index > 0 ? [] : group.publish.map(({ hostPort, port }) => ({ hostPort, port: publishedPort(group, port) })),
        at: group.at,
      };
    });
  });
}

function instanceNames(group: Group): readonly string[] {
  return Array.from({ length: group.instances }, (_, index) => `${group.key}-${index + 1}`);
}

/** Declared ports, then targets of Services that select the workload; each number once. */
function workloadPorts(group: Group, drafts: readonly ServiceDraft[]): readonly WorkloadPort[] {
  const ports = new Map<number, WorkloadPort>();
  for (const port of group.ports)
    if (port.transport === "TCP" && !ports.has(port.target))
      ports.set(port.target, { name: port.name, port: port.target });
  for (const draft of drafts) {
    if (!selects(draft.selector, group.labels)) continue;
    for (const port of draft.ports) {
      const target = targetPort(port.target, port.port, group);
      if (port.protocol !== "udp" && !ports.has(target)) ports.set(target, { name: port.name, port: target });
    }
  }
  return [...ports.values()];
}

/** `publish` may name a port of the Service or the port of the program behind it. */
function publishedPort(group: Group, port: number | undefined): number {
  const tcp = group.ports.filter((candidate) => candidate.transport === "TCP");
  if (port === undefined) return tcp[0]?.target ?? 0;
  return tcp.find((candidate) => candidate.port === port)?.target ?? port;
}

function resolveServices(
  drafts: readonly ServiceDraft[],
  groups: readonly Group[],
  previous: Mesh | undefined,
): readonly Service[] {
  const unique = [...new Map(drafts.map((draft) => [`${draft.name}.${draft.namespace}`, draft] as const)).entries()];
  const before = new Map(
    (previous?.services ?? [])
      .filter((service) => service.address !== "None")
      .map((service) => [`${service.name}.${service.namespace}`, service.address] as const),
  );
  const addresses = assignAddresses(
    unique.filter(([, draft]) => hasAddress(draft)).map(([key]) => key),
    "10.96",
    before,
  );
  return unique.map(([key, draft]): Service => {
    const named = draft.ports.some((port) => typeof port.target === "string");
    const behind = !named
      ? undefined
      : groups.find((group) => group.namespace === draft.namespace && selects(draft.selector, group.labels));
    return {
      name: draft.name,
      namespace: draft.namespace,
      hostname: `${draft.name}.${draft.namespace}.svc.cluster.local`,
      address: addresses.get(key) ?? "None",
      externalName: draft.externalName,
      ports: draft.ports.map((port) => ({ ...port, target: targetPort(port.target, port.port, behind) })),
      selector: draft.selector,
      labels: draft.labels,
      annotations: draft.annotations,
      ...(draft.createdAt === undefined ? {} : { createdAt: draft.createdAt }),
    };
  });
}

function hasAddress(draft: ServiceDraft): boolean {
  return !draft.headless && draft.externalName === undefined;
}

/** A named target is looked up among the ports of the workload behind the Service. */
function targetPort(target: number | string, port: number, behind: Group | undefined): number {
  if (typeof target === "number") return target;
  return behind?.ports.find((candidate) => candidate.name === target)?.target ?? port;
}

/** An empty selector selects nothing. */
function selects(selector: Labels, labels: Labels): boolean {
  const wanted = Object.entries(selector);
  return wanted.length > 0 && wanted.every(([key, value]) => labels[key] === value);
}

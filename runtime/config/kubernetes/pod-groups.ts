import type { Problem } from "../../core/problem.ts";
import type { RestartPolicy } from "../../model/mesh.ts";
import { positionOf, type Labels, type Resource } from "../../model/resource.ts";
import type { PublishSpec } from "../project-ports.ts";
import { mostInstances, type ServiceSpec } from "../project-service.ts";
import type { ProjectSpec } from "../project.ts";
import { didYouMean } from "../suggestion.ts";
import { isContainer } from "../container.ts";
import { noContainer } from "../project-container.ts";
import type { Group } from "../workloads.ts";
import { readEnvironment, serviceAccountOf } from "./environment.ts";
import { isInjected, namespaceLabels } from "./injection.ts";
import { isAmong } from "./input-paths.ts";
import { isMeant, sharedNames, workloadKeys } from "./keys.ts";
import { hostPortsOf, mainContainer, portsOf } from "./main-container.ts";
import { type DataObjects, dataObjects, dataProblems, isDataObject, problemAt } from "./objects.ts";
import { type PodTemplate, podTemplateOf } from "./pod-template.ts";
import { podContainer } from "./pod-container.ts";
import { readReadiness } from "./readiness.ts";
import { idleServices, withNodePorts } from "./service-links.ts";
import { unusedParts } from "./unused-parts.ts";

export interface PodGroups {
  readonly groups: readonly Group[];
  /** Documents that became programs. */
  readonly used: ReadonlySet<Resource>;
  readonly problems: readonly Problem[];
}

const runAnnotation = "meshdev.dev/run";
const cwdAnnotation = "meshdev.dev/cwd";
const publishAnnotation = "meshdev.dev/publish";

/** The workloads of the project's Kubernetes files. A service of the project file with the name of one says how that one runs. */
export function podGroups(project: ProjectSpec, resources: readonly Resource[], directory: string): PodGroups {
  const inside = resources.filter(({ positions }) => isAmong(positions.file, project.kubernetes, directory));
  if (inside.length === 0) return { groups: [], used: new Set(), problems: unknownRuns(project, []) };
  const templates = inside.flatMap((resource) => podTemplateOf(resource) ?? []);
  const keys = workloadKeys(templates);
  const world = { objects: dataObjects(resources), namespaces: namespaceLabels(resources) };
  const found = templates.map((template, index) => groupOf(template, keys[index] ?? "", project, world));
  const groups = found.map(({ group }) => group);
  return {
    groups: withNodePorts(groups, inside),
    used: new Set([...templates.map(({ resource }) => resource), ...inside.filter(isDataObject)]),
    problems: [
      ...sharedNames(templates, keys),
      ...dataProblems(inside),
      ...found.flatMap(({ problems }) => problems),
      ...unusedParts(templates, groups),
      ...idleServices(inside, groups),
      ...unknownRuns(
        project,
        templates.map((template, index) => ({ template, key: keys[index] ?? "" })),
      ),
    ],
  };
}

interface PodWorld {
  readonly objects: DataObjects;
  readonly namespaces: ReadonlyMap<string, Labels>;
}

function groupOf(
  template: PodTemplate,
  key: string,
  project: ProjectSpec,
  { objects, namespaces }: PodWorld,
): { readonly group: Group; readonly problems: readonly Problem[] } {
  const { resource, annotations } = template;
  const problems: Problem[] = [...selectorFault(template)];
  const { container, path } = mainContainer(template);
  const ports = portsOf(container, path);
  const { ready } = readReadiness(container, ports, path);
  const environment = readEnvironment(template, container, path, objects);
  const service = project.services.find((each) => each.key === key);
  const said = Object.entries(project.runs).find(([name]) => isMeant(name, key, template))?.[1];
  const run = said ?? service?.run ?? annotations[runAnnotation] ?? resource.annotations[runAnnotation];
  if (template.instances > mostInstances)
    problems.push(
      problemAt(resource, "spec.replicas", {
        code: "MD1003",
        message: `${template.instances} replicas are too many; at most ${mostInstances} run here`,
      }),
    );
  const first = { name: `${key}-1`, address: "" };
  const own = podContainer(template, container, path, (text) => environment.expand(text, first), objects);
  const asContainer = isContainer(service?.container ?? noContainer) ? service?.container : own.container;
  if (run === undefined) problems.push(...own.problems);
  if (run === undefined && asContainer !== undefined && !isContainer(asContainer) && template.instances > 0)
    problems.push(
      problemAt(resource, `${path}.image`, {
        code: "MD2034",
        message: `nothing says which program is ${resource.name}`,
        hint: `give the container an image, or say it with --run ${key}="npm start", or with the annotation ${runAnnotation}`,
      }),
    );
  const sidecar = isInjected(template, namespaces);
  const published = [...hostPortsOf(container, path), ...publishedBy(template, problems)];
  const group: Group = {
    key,
    parent: key,
    field: service?.field ?? "",
    at: positionOf(resource, "metadata.name"),
    resource,
    namespace: resource.namespace,
    serviceAccount: serviceAccountOf(template.spec),
    labels: template.labels,
    annotations,
    sidecar,
    instances: Math.min(service?.instances ?? template.instances, mostInstances),
    ports: service?.ports ?? ports,
    // Without a sidecar the program itself is on the host.
    publish: sidecar ? [...published, ...(service?.publish ?? [])] : [],
    profiles: service?.profiles ?? [],
    needs: service?.needs ?? [],
    run,
    cwd: service?.cwd ?? annotations[cwdAnnotation] ?? resource.annotations[cwdAnnotation],
    env: service?.env ?? {},
    envFiles: service?.envFiles ?? [],
    podEnv: environment.of,
    ready: service?.ready ?? ready,
    restart: service?.restart ?? restartOf(template),
    watch: service?.watch,
    conditions: service?.conditions ?? {},
    stopGraceMs: service?.stopGraceMs,
    container: run === undefined ? (asContainer ?? noContainer) : noContainer,
  };
  return { group, problems: [...problems, ...environment.problems.filter((each) => !isGiven(each, service))] };
}

/** Undefined: as usual here, which is what Kubernetes calls Always. */
function restartOf({ spec }: PodTemplate): RestartPolicy | undefined {
  switch (spec.restartPolicy) {
    case "Never":
      return { when: "never" };
    case "OnFailure":
      return { when: "failure" };
    default:
      return undefined;
  }
}

/** What the project file sets need not be found elsewhere. */
function isGiven({ code }: Problem, service: ServiceSpec | undefined): boolean {
  return code === "MD2032" && service !== undefined && Object.keys(service.env).length > 0;
}

/** `meshdev.dev/publish: "8080:9080"`, several with commas. */
function publishedBy({ resource, annotations }: PodTemplate, problems: Problem[]): readonly PublishSpec[] {
  const said = annotations[publishAnnotation] ?? resource.annotations[publishAnnotation];
  return (said?.split(",") ?? []).flatMap((text) => {
    const match = /^\s*(\d{1,5})(?::(\d{1,5}))?\s*$/.exec(text);
    const hostPort = Number(match?.[1] ?? 0);
    const port = match?.[2] === undefined ? undefined : Number(match[2]);
    if (hostPort >= 1 && hostPort <= 65_535 && (port === undefined || (port >= 1 && port <= 65_535)))
      return [{ hostPort, port, field: "" }];
    problems.push(
      problemAt(resource, "metadata", {
        code: "MD1003",
        message: `${publishAnnotation}: ${text} cannot be published`,
        hint: 'write a host port, "3000", or host port and port, "3000:8080"',
      }),
    );
    return [];
  });
}

/** An API server refuses a workload whose selector is not met by its own pods. */
function selectorFault({ resource, labels }: PodTemplate): readonly Problem[] {
  const { spec } = resource;
  const selector: unknown = typeof spec === "object" && spec !== null && "selector" in spec ? spec.selector : undefined;
  const wanted: unknown =
    typeof selector === "object" && selector !== null && "matchLabels" in selector ? selector.matchLabels : undefined;
  return Object.entries(typeof wanted === "object" && wanted !== null ? wanted : {}).flatMap(
    ([name, value]: readonly [string, unknown]) =>
      labels[name] === value
        ? []
        : [
            problemAt(resource, "spec.selector.matchLabels", {
              code: "MD1007",
              message: `the selector wants ${name}=${String(value)}, which the pod template does not have`,
              hint: "give spec.template.metadata.labels the labels of spec.selector.matchLabels",
            }),
          ],
  );
}

function unknownRuns(
  project: ProjectSpec,
  known: readonly { readonly template: PodTemplate; readonly key: string }[],
): readonly Problem[] {
  return Object.keys(project.runs).flatMap((name): readonly Problem[] => {
    if (known.some(({ template, key }) => isMeant(name, key, template))) return [];
    const own = project.services.map(({ key }) => key);
    if (own.includes(name)) return [];
    const keys = [...own, ...known.map(({ key }) => key)];
    const meant = didYouMean(name, keys);
    return [
      {
        code: "MD2035",
        severity: "error",
        message: `--run names ${name}, and there is no such workload`,
        hint: meant === undefined ? `there are ${keys.join(", ") || "none"}` : `${name}: ${meant}`,
      },
    ];
  });
}

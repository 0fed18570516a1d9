import type { Problem } from "../../core/problem.ts";
import { joinIndex } from "../field-path.ts";
import type { Container } from "../shapes-workloads.ts";
import type { Group } from "../workloads.ts";
import { mainContainer } from "./main-container.ts";
import { problemAt } from "./objects.ts";
import type { PodTemplate } from "./pod-template.ts";
import { readReadiness } from "./readiness.ts";

interface Unused {
  readonly template: PodTemplate;
  readonly field: string;
  /** What is said of it, and by what it is counted. */
  readonly what: string;
  readonly severity: "warning" | "info";
}

/** What pod templates ask for and is not done here, each thing once, at its first place, with the number of workloads. */
export function unusedParts(templates: readonly PodTemplate[], groups: readonly Group[]): readonly Problem[] {
  const all = templates.flatMap((template, index) => {
    const group = groups[index];
    return group === undefined || group.instances === 0 ? [] : partsOf(template, group);
  });
  return Array.from(
    Map.groupBy(all, ({ what }) => what),
    ([what, [first, ...rest]]) => {
      if (first === undefined) return [];
      const workloads = new Set([first, ...rest].map(({ template }) => template)).size;
      return problemAt(first.template.resource, first.field, {
        code: "MD2033",
        severity: first.severity,
        message: workloads === 1 ? what : `${what} (${workloads} workloads)`,
      });
    },
  ).flat();
}

function partsOf(template: PodTemplate, group: Group): readonly Unused[] {
  const { spec, specPath } = template;
  const main = mainContainer(template);
  const found: Unused[] = [];
  const add = (field: string, what: string, severity: Unused["severity"] = "warning"): void => {
    found.push({ template, field, what, severity });
  };
  for (const [index, { name }] of (spec.containers ?? []).entries()) {
    const field = joinIndex(`${specPath}.containers`, index);
    if (field !== main.path) add(field, `of several containers one runs; ${name ?? ""} does not`);
  }
  for (const [index, { name }] of (spec.initContainers ?? []).entries())
    add(joinIndex(`${specPath}.initContainers`, index), `the init container ${name ?? ""} does not run`);
  const { missed } = readReadiness(main.container, group.ports, main.path);
  const isHealthcheck = group.run === undefined && group.container.healthcheck !== undefined;
  if (missed !== undefined && !isHealthcheck)
    add(missed.field, `a probe is not asked, because ${missed.why}; open ports count instead`);
  for (const name of ["livenessProbe", "lifecycle"] as const)
    if (main.container[name] !== undefined) add(`${main.path}.${name}`, `${name} is not acted on`, "info");
  if (group.run !== undefined)
    for (const part of onlyInContainers(main.container)) add(`${main.path}.${part}`, `a local command has no ${part}`);
  if (group.run !== undefined && limitsOf(main.container))
    add(`${main.path}.resources`, "nothing limits a local command", "info");
  return found;
}

function onlyInContainers(container: Container): readonly string[] {
  return (container.volumeMounts ?? []).length > 0 ? ["volumeMounts"] : [];
}

function limitsOf({ resources }: Container): boolean {
  return typeof resources === "object" && resources !== null && "limits" in resources;
}

import type { Problem } from "../core/problem.ts";
import type { Code } from "../core/codes.ts";
import { positionOf, type Resource } from "../model/resource.ts";
import { isContainer } from "./container.ts";
import { findCycles } from "./needs.ts";
import type { ProjectSpec } from "./project.ts";
import { didYouMean } from "./suggestion.ts";
import type { Group } from "./workloads.ts";

/** What contradicts itself inside the project file: names that do not exist, circles, ports given twice. `groups` are those of `written` that run. */
export function checkGroups(
  project: ProjectSpec,
  groups: readonly Group[],
  written: readonly Group[] = groups,
): readonly Problem[] {
  const problems: Problem[] = [];
  const report = (
    code: Code,
    field: string,
    message: string,
    hint: string | undefined,
    severity: Problem["severity"] = "error",
    resource?: Resource,
  ): void => {
    problems.push({
      code,
      severity,
      message,
      ...(hint === undefined ? {} : { hint }),
      ...(resource === undefined ? project.locate(field) : { at: positionOf(resource, field) }),
      field,
    });
  };
  checkVariants(project, report);
  checkNeeds(project, groups, written, report);
  checkPublished(groups, report);
  for (const group of groups) {
    // What Kubernetes documents say was checked where they are.
    if (group.resource !== undefined) continue;
    checkPorts(group, report);
    if (group.labels["app"] !== group.parent) {
      report(
        "MD2010",
        `${group.field}.labels.app`,
        `${group.key}: the label app is ${group.parent} and cannot be changed`,
        "remove the label, or rename the service",
      );
    }
    checkProgram(group, report);
    if (group.ready?.kind === "http" && group.ready.port === undefined && group.ports.length === 0) {
      report(
        "MD1003",
        `${group.field}.ready`,
        `${group.key} has no port to ask for readiness`,
        "add `port` to ready, or to the service",
      );
    }
  }
  return problems;
}

/** A process or a container, one of them. */
function checkProgram({ key, field, run, container, instances }: Group, report: Report): void {
  if (run !== undefined && isContainer(container))
    report(
      "MD1003",
      `${field}.run`,
      `${key} has run and ${container.image === undefined ? "build" : "image"}`,
      "keep one of them",
    );
  else if (run === undefined && !isContainer(container) && instances > 0)
    report("MD1003", field, `${key} has no run`, "say how it starts: `run: npm start`, or the `image` of a container");
  else if (!isContainer(container)) {
    for (const name of container.keys)
      report("MD1003", `${field}.${name}`, `${key}: ${name} is for containers`, "add image or build, or remove it");
  }
}

type Report = (
  code: Code,
  field: string,
  message: string,
  hint: string | undefined,
  severity?: Problem["severity"],
  resource?: Resource,
) => void;

function checkVariants(project: ProjectSpec, report: Report): void {
  const services = project.services.map((service) => service.key);
  for (const variant of project.variants) {
    if (services.includes(variant.key))
      report("MD1003", variant.field, `${variant.key} is already a service`, "rename the variant");
    if (variant.extends !== "" && !services.includes(variant.extends)) {
      report(
        "MD2006",
        `${variant.field}.extends`,
        `there is no service ${variant.extends}`,
        suggest(variant.extends, services),
      );
    }
    const parent = project.services.find((service) => service.key === variant.extends);
    if (variant.namespace !== undefined && variant.namespace !== (parent?.namespace ?? "default")) {
      report(
        "MD1003",
        `${variant.field}.namespace`,
        "a variant stands in the namespace of its service",
        "remove namespace",
      );
    }
  }
}

function checkNeeds(project: ProjectSpec, groups: readonly Group[], written: readonly Group[], report: Report): void {
  const keys = groups.map((group) => group.key);
  const known = new Set(keys);
  const declared = new Set([...project.services, ...project.variants].map((service) => service.key));
  for (const group of groups) {
    for (const [index, name] of group.needs.entries()) {
      const sleeping = known.has(name) ? undefined : written.find(({ key }) => key === name);
      if (sleeping !== undefined) {
        report(
          "MD2022",
          `${group.field}.needs[${index}]`,
          `${group.key} needs ${name}, which belongs to the profile ${sleeping.profiles.join(" or ")} only`,
          `run it with --profile ${sleeping.profiles[0]}, or give ${group.key} the same profiles`,
        );
      }
      if (!known.has(name) && !declared.has(name))
        report(
          "MD2006",
          `${group.field}.needs[${index}]`,
          `${group.key} needs ${name}, which is not a service`,
          suggest(name, keys),
        );
    }
  }
  for (const cycle of findCycles(new Map(groups.map((group) => [group.key, group.needs] as const)))) {
    const first = groups.find((group) => group.key === cycle[0]);
    report(
      "MD2007",
      `${first?.field ?? "services"}.needs`,
      `these need each other in a circle: ${[...cycle, cycle[0]].join(" → ")}`,
      "remove one of these needs",
    );
  }
}

function checkPublished(groups: readonly Group[], report: Report): void {
  const holders = new Map<number, string>();
  for (const group of groups) {
    for (const { hostPort, port, field } of group.publish) {
      const holder = holders.get(hostPort);
      if (holder !== undefined)
        report(
          "MD2008",
          field,
          `host port ${hostPort} is already published by ${holder}`,
          "publish another port",
          "error",
          group.resource,
        );
      holders.set(hostPort, group.key);
      const tcp = group.ports.filter((candidate) => candidate.transport === "TCP");
      if (tcp.length === 0 && port === undefined)
        report(
          "MD1003",
          field,
          `${group.key} has no port to publish`,
          "add `port:` to the service",
          "error",
          group.resource,
        );
      if (!group.sidecar)
        report(
          "MD1003",
          field,
          `${group.key} has no sidecar that could publish a port`,
          "remove publish; the program can listen on the host itself",
        );
    }
  }
}

function checkPorts(group: Group, report: Report): void {
  const numbers = new Set<number>();
  const names = new Set<string>();
  for (const port of group.ports) {
    if (numbers.has(port.port))
      report("MD2009", port.field, `${group.key} declares port ${port.port} twice`, "remove one of them");
    if (names.has(port.name))
      report("MD2009", port.field, `${group.key} has two ports named ${port.name}`, "rename one of them");
    numbers.add(port.port);
    names.add(port.name);
    if (port.transport === "UDP")
      report("MD2016", port.field, `${group.key}: UDP port ${port.port} is not proxied`, undefined, "warning");
  }
}

function suggest(name: string, keys: readonly string[]): string {
  const meant = didYouMean(name, keys);
  return meant === undefined ? `known are ${keys.slice(0, 10).join(", ")}` : `${name}: ${meant}`;
}

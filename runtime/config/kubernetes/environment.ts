import type { Problem } from "../../core/problem.ts";
import type { Labels } from "../../model/resource.ts";
import { joinIndex } from "../field-path.ts";
import type { Container } from "../shapes-workloads.ts";
import { type DataObjects, problemAt } from "./objects.ts";
import type { PodTemplate } from "./pod-template.ts";

/** What differs between the pods of one template. */
export interface PodFacts {
  readonly name: string;
  readonly address: string;
}

export interface Environment {
  /** The variables of one pod. */
  readonly of: (pod: PodFacts) => Labels;
  /** `$(NAME)` in a command or argument, replaced as kubelet does. */
  readonly expand: (text: string, pod: PodFacts) => string;
  readonly problems: readonly Problem[];
}

interface Variable {
  readonly name: string;
  readonly value: string | ((pod: PodFacts) => string);
}

/** A container's `envFrom` and `env`, later ones over earlier ones. */
export function readEnvironment(
  template: PodTemplate,
  container: Container,
  path: string,
  objects: DataObjects,
): Environment {
  const problems: Problem[] = [];
  const namespace = template.resource.namespace;
  const imported: Variable[] = [];
  const own: Variable[] = [];
  const missing = (field: string, message: string): void => {
    problems.push(
      problemAt(template.resource, field, {
        code: "MD2032",
        message,
        hint: "write it into the files, or mark the reference `optional: true`",
      }),
    );
  };

  for (const [index, source] of (container.envFrom ?? []).entries()) {
    const at = joinIndex(`${path}.envFrom`, index);
    for (const kind of ["ConfigMap", "Secret"] as const) {
      const reference = kind === "ConfigMap" ? source.configMapRef : source.secretRef;
      if (reference === undefined) continue;
      const found = objects.find(kind, namespace, reference.name ?? "");
      if (found === undefined && reference.optional !== true)
        missing(at, `there is no ${kind} ${namespace}/${reference.name ?? ""}`);
      for (const [key, value] of found?.data ?? [])
        imported.push({ name: `${source.prefix ?? ""}${key}`, value: value.toString("utf8") });
    }
  }
  for (const [index, { name = "", value, valueFrom }] of (container.env ?? []).entries()) {
    const at = joinIndex(`${path}.env`, index);
    if (valueFrom === undefined) {
      own.push({ name, value: value ?? "" });
      continue;
    }
    for (const kind of ["ConfigMap", "Secret"] as const) {
      const reference = kind === "ConfigMap" ? valueFrom.configMapKeyRef : valueFrom.secretKeyRef;
      if (reference === undefined) continue;
      const { name: wanted = "", key = "", optional } = reference;
      const found = objects.find(kind, namespace, wanted);
      const data = found?.data.get(key);
      if (data !== undefined) own.push({ name, value: data.toString("utf8") });
      else if (optional !== true)
        missing(
          `${at}.valueFrom`,
          found === undefined
            ? `there is no ${kind} ${namespace}/${wanted}`
            : `${kind} ${namespace}/${wanted} has no key ${key}; it has ${[...found.data.keys()].join(", ") || "none"}`,
        );
    }
    if (valueFrom.fieldRef !== undefined) {
      const field = fieldOf(valueFrom.fieldRef.fieldPath ?? "", template);
      if (field !== undefined) own.push({ name, value: field });
      else
        problems.push(
          problemAt(template.resource, `${at}.valueFrom.fieldRef.fieldPath`, {
            code: "MD1007",
            message: `${valueFrom.fieldRef.fieldPath ?? ""} is no field that a variable can have`,
            hint: "use metadata.name, metadata.namespace, metadata.labels['…'], spec.serviceAccountName or status.podIP",
          }),
        );
    }
    if (valueFrom.resourceFieldRef !== undefined)
      problems.push(
        problemAt(template.resource, `${at}.valueFrom.resourceFieldRef`, {
          code: "MD2033",
          severity: "warning",
          message: `${name} is not set: nothing limits what a program here may use`,
        }),
      );
  }

  const all = (pod: PodFacts): Map<string, string> => {
    const known = new Map<string, string>();
    for (const { name, value } of imported) known.set(name, typeof value === "string" ? value : value(pod));
    for (const { name, value } of own)
      known.set(name, typeof value === "string" ? expandVariables(value, known) : value(pod));
    return known;
  };
  return {
    of: (pod) => Object.fromEntries(all(pod)),
    expand: (text, pod) => expandVariables(text, all(pod)),
    problems,
  };
}

/** `$(NAME)` of a variable that is known; `$$(NAME)` is `$(NAME)` itself. */
function expandVariables(text: string, known: ReadonlyMap<string, string>): string {
  return text.replace(/\$\$|\$\(([^()]+)\)/g, (whole, name: string | undefined) =>
    name === undefined ? "$" : (known.get(name) ?? whole),
  );
}

function fieldOf(path: string, { resource, labels, annotations, spec }: PodTemplate): Variable["value"] | undefined {
  const keyed = /^metadata\.(labels|annotations)\['([^']*)'\]$/.exec(path);
  if (keyed !== null) return (keyed[1] === "labels" ? labels : annotations)[keyed[2] ?? ""] ?? "";
  switch (path) {
    case "metadata.name":
      return ({ name }) => name;
    case "metadata.uid":
      return ({ name }) => `${resource.namespace}-${name}`;
    case "metadata.namespace":
      return resource.namespace;
    case "spec.serviceAccountName":
      return serviceAccountOf(spec);
    case "spec.nodeName":
      return "localhost";
    case "status.podIP":
    case "status.podIPs":
      return ({ address }) => address;
    case "status.hostIP":
    case "status.hostIPs":
      return "127.0.0.1";
    default:
      return undefined;
  }
}

export function serviceAccountOf(spec: PodTemplate["spec"]): string {
  return spec.serviceAccountName ?? spec.serviceAccount ?? "default";
}

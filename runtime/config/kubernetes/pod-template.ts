import type { ControllerSpec, PodSpec } from "../shapes-workloads.ts";
import { stringEntries } from "../string-entries.ts";
import { isRecord } from "../yaml-tree.ts";
import type { Labels, Resource } from "../../model/resource.ts";

/** The pods that a document asks for. */
export interface PodTemplate {
  readonly resource: Resource;
  readonly kind: string;
  readonly labels: Labels;
  readonly annotations: Labels;
  readonly spec: PodSpec;
  readonly instances: number;
  /** Field path of the pod's metadata and of its spec. */
  readonly metadataPath: string;
  readonly specPath: string;
}

const controllers: Readonly<Record<string, string>> = {
  Deployment: "apps",
  ReplicaSet: "apps",
  StatefulSet: "apps",
  DaemonSet: "apps",
  Job: "batch",
};

/** What a document runs; undefined for kinds that run nothing. Its shape was checked when it was read. */
export function podTemplateOf(resource: Resource): PodTemplate | undefined {
  const { kind, spec } = resource;
  if (!isRecord(spec)) return undefined;
  if (isPod(resource))
    return {
      resource,
      kind,
      labels: resource.labels,
      annotations: resource.annotations,
      spec: resource.spec,
      instances: 1,
      metadataPath: "metadata",
      specPath: "spec",
    };
  if (!isController(resource)) return undefined;
  const { replicas = 1, template } = resource.spec;
  if (template?.spec === undefined) return undefined;
  const metadata = isRecord(template.metadata) ? template.metadata : {};
  return {
    resource,
    kind,
    labels: stringEntries(metadata["labels"]),
    annotations: stringEntries(metadata["annotations"]),
    spec: template.spec,
    // One node, so one pod of a DaemonSet; a Job has one as well.
    instances: kind === "DaemonSet" || kind === "Job" ? 1 : replicas,
    metadataPath: "spec.template.metadata",
    specPath: "spec.template.spec",
  };
}

function isPod(resource: Resource): resource is Resource<"Pod", PodSpec> {
  return resource.kind === "Pod" && resource.apiVersion === "v1";
}

function isController(resource: Resource): resource is Resource<string, ControllerSpec> {
  const group = Object.hasOwn(controllers, resource.kind) ? controllers[resource.kind] : undefined;
  return group !== undefined && resource.apiVersion === `${group}/v1`;
}

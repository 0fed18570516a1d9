import { noContainer } from "../project-container.ts";
import type { ProjectPaths } from "../project-paths.ts";
import type { ProjectSpec } from "../project.ts";

/** The project of Kubernetes files that stand alone. */
export const bareProject: ProjectSpec = {
  name: undefined,
  services: [],
  variants: [],
  profiles: [],
  mesh: [],
  kubernetes: [],
  runs: {},
  ca: undefined,
  meshConfig: {},
  features: {},
  locate: () => ({}),
  value: {},
  sources: [{ path: "", text: "" }],
  interpolated: true,
};

/** A project with what the command line adds to it. */
export function withInputs(project: ProjectSpec, { kubernetes = [], runs = {} }: ProjectPaths): ProjectSpec {
  const services = project.services.map((service) =>
    Object.hasOwn(runs, service.key) ? { ...service, run: runs[service.key], container: noContainer } : service,
  );
  return { ...project, services, kubernetes: [...new Set([...project.kubernetes, ...kubernetes])], runs };
}

/** Everything that is read of a project besides its own file. */
export function meshPaths({ mesh, kubernetes }: Pick<ProjectSpec, "mesh" | "kubernetes">): readonly string[] {
  return [...mesh, ...kubernetes].filter((path) => path !== "-");
}

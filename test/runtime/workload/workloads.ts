import type { ProcessProgram, Workload } from "../../../runtime/model/mesh.ts";

export interface WorkloadSketch extends Partial<Omit<Workload, "program">> {
  readonly program?: Partial<ProcessProgram> | undefined;
}

/** `name` is the key of the service; the workload is `<name>-1`. */
export function makeWorkload(name: string, sketch: WorkloadSketch = {}): Workload {
  const { program, ...rest } = sketch;
  return {
    id: `${name}-1`,
    service: name,
    name: `${name}-1`,
    namespace: "default",
    serviceAccount: name,
    trustDomain: undefined,
    labels: { app: name, version: "v1" },
    annotations: {},
    sidecar: true,
    address: "10.244.0.3",
    program:
      "program" in sketch && program === undefined
        ? undefined
        : { command: ["true"], cwd: "/", env: {}, needs: [], ready: { kind: "ports" }, ...program },
    ports: [{ name: "http", port: 8080 }],
    publish: [],
    at: undefined,
    ...rest,
  };
}

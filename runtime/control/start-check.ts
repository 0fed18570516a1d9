import { MeshError } from "../core/error.ts";
import type { Problem } from "../core/problem.ts";
import type { Mesh, Workload } from "../model/mesh.ts";
import type { LoadResult, Loaded } from "./load.ts";
import { selectWorkloads, unknownServices } from "./selection.ts";
import type { DaemonOptions } from "./start-report.ts";

/** A start has no last valid version to fall back to: nothing may be wrong, unless the user says so (model.md §3). Throws otherwise. */
export function requireStartable(
  result: LoadResult,
  options: Pick<DaemonOptions, "allowInvalid" | "services">,
): Loaded {
  if (result.kind === "rejected" || (!result.complete && !options.allowInvalid)) {
    const problems = result.kind === "rejected" ? result.problems : result.loaded.problems;
    const errors = problems.filter((problem) => problem.severity === "error");
    throw new MeshError(
      errors[0]?.code ?? "MD1001",
      `the mesh does not start: ${errors.length === 1 ? "one error" : `${errors.length} errors`} in its files`,
      {
        problems,
        hint: "mend them, or start with --allow-invalid to run without what is invalid",
      },
    );
  }
  const unknown = unknownServices(result.loaded.mesh, options.services);
  if (unknown.length > 0) {
    throw new MeshError("MD7006", `there is no service ${unknown.join(", ")}`, {
      hint: "names are the keys below `services` and `variants`",
    });
  }
  return result.loaded;
}

/** The host ports that this start needs. */
export function publishedPorts(
  mesh: Mesh,
  options: Pick<DaemonOptions, "services" | "noDeps">,
): readonly { readonly workload: string; readonly hostPort: number }[] {
  const active = selectWorkloads(mesh, options.services, options.noDeps);
  return mesh.workloads
    .filter((workload: Workload) => active.has(workload.id))
    .flatMap((workload) => workload.publish.map(({ hostPort }) => ({ workload: workload.id, hostPort })));
}

/** Throws the first problem, with all of them. */
export function requireNone(problems: readonly Problem[]): void {
  const [first] = problems;
  if (first === undefined) return;
  throw new MeshError(first.code, first.message, {
    problems,
    ...(first.hint === undefined ? {} : { hint: first.hint }),
  });
}

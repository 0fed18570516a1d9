import { MeshError } from "../runtime/core/error.ts";
import type { Mesh } from "../runtime/model/mesh.ts";
import type { ChosenProject } from "./discovery.ts";
import type { Door } from "./door.ts";

/** The mesh of a project's files, to say something about; what is invalid would make it untrue. @throws MeshError MD8003 */
export async function requireMesh(door: Door, { directory, chosen }: ChosenProject): Promise<Mesh> {
  const { value: mesh, problems } = await door.loadProject(directory, chosen);
  const errors = problems.filter((problem) => problem.severity === "error");
  if (mesh !== undefined && errors.length === 0) return mesh;
  throw new MeshError("MD8003", "the project is not valid, so nothing can be said about it", {
    problems: errors,
    hint: "Fix the problems above; `meshdev check` shows them all.",
  });
}

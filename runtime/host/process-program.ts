import { MeshError } from "../core/error.ts";
import type { ProcessProgram, Workload } from "../model/mesh.ts";

/** What a workload runs as a process. @throws MeshError MD4001 when it runs nothing, MD6020 when it is a container */
export function processProgram({ id, service, program }: Workload): ProcessProgram {
  if (program === undefined) throw new MeshError("MD4001", `${id} has nothing to run`);
  if (program.container === undefined) return program;
  throw new MeshError(
    "MD6020",
    `${id} is a container (${program.container.image}), and this mesh runs processes only`,
    {
      hint: `give ${service} a run command in meshdev.local.yaml`,
    },
  );
}

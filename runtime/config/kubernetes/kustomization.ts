import type { Problem } from "../../core/problem.ts";
import type { SourceFile } from "../../core/source.ts";

/** Whether a file is a recipe of kustomize: no object, and its patches are only parts of some. */
export function isKustomization({ path }: SourceFile): boolean {
  return /(?:^|[\\/])(?:kustomization\.ya?ml|Kustomization)$/.test(path);
}

export function notBuilt({ path }: SourceFile): Problem {
  return {
    code: "MD2001",
    severity: "info",
    message: `not used here: ${path} is not built`,
    hint: "build it: `kustomize build FOLDER | meshdev up -f -`",
    at: { file: path, line: 1, column: 1 },
  };
}

import type { Clock } from "../core/clock.ts";
import { MeshError } from "../core/error.ts";
import type { Problem } from "../core/problem.ts";
import { loadCa } from "../identity/ca.ts";
import type { CaRotation } from "./ca-rotation.ts";

export interface CaReloadOptions {
  readonly clock: Clock;
  readonly rotation: Pick<CaRotation, "replace">;
  readonly onProblems: (problems: readonly Problem[]) => void;
}

export interface CaReload {
  readonly onChange: (files: Readonly<Record<string, string>>) => void;
  readonly onError: (error: unknown) => void;
}

/** What changed files of a plug-in CA do: a usable CA takes over, anything else is a problem and the one before goes on. */
export function caReload({ clock, rotation, onProblems }: CaReloadOptions): CaReload {
  const onError = (error: unknown): void => {
    const code = error instanceof MeshError && error.code === "MD3009" ? error.code : "MD3012";
    const message = error instanceof Error ? error.message : String(error);
    onProblems([{ code, severity: "error", message: `the CA's files were not taken up: ${message}` }]);
  };
  return {
    onError,
    onChange: (files) => {
      const take = async (): Promise<void> => {
        await rotation.replace(loadCa(files, clock), "overlap");
      };
      onProblems([]);
      take().catch(onError);
    },
  };
}

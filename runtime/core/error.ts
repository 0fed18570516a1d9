import type { Code } from "./codes.ts";
import type { Problem } from "./problem.ts";
import type { SourcePosition } from "./source.ts";

export interface MeshErrorInit {
  readonly hint?: string;
  readonly at?: SourcePosition;
  /** Everything that was found, when the error stands for a list. */
  readonly problems?: readonly Problem[];
  readonly cause?: unknown;
}

/** A fault of the user or the world, with a stable code. Anything else that is thrown is a bug of ours. */
export class MeshError extends Error {
  override readonly name = "MeshError";
  readonly code: Code;
  readonly hint: string | undefined;
  readonly at: SourcePosition | undefined;
  readonly problems: readonly Problem[];

  constructor(code: Code, message: string, init: MeshErrorInit = {}) {
    super(message, init.cause === undefined ? undefined : { cause: init.cause });
    this.code = code;
    this.hint = init.hint;
    this.at = init.at;
    this.problems = init.problems ?? [];
  }
}

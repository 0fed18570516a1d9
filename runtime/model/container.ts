import type { Labels } from "./resource.ts";

/** A container as the project file means it, in Compose's terms; undefined: what the image says, or the engine's default. */
export interface Container {
  /** What runs: an image's reference, or the tag that a build gets. */
  readonly image: string;
  readonly build: ImageBuild | undefined;
  readonly pullPolicy: PullPolicy;
  readonly entrypoint: readonly string[] | undefined;
  readonly command: readonly string[] | undefined;
  readonly mounts: readonly ContainerMount[];
  /** `uid[:gid]`, or names of the image. */
  readonly user: string | undefined;
  readonly workingDirectory: string | undefined;
  /** How the engine asks whether it is healthy; `none` turns the image's own off. */
  readonly healthcheck: Healthcheck | "none" | undefined;
  readonly tty: boolean;
  /** Bytes. */
  readonly memoryLimit: number | undefined;
  /** Whole CPUs: 0.5 is half of one. */
  readonly cpuLimit: number | undefined;
}

export interface ImageBuild {
  /** Absolute folder. */
  readonly context: string;
  /** Relative to the context. */
  readonly dockerfile: string;
  readonly args: Labels;
  readonly target: string | undefined;
}

/** `missing`: only when the machine has not got it. `build`: never pulled. */
export type PullPolicy = "always" | "missing" | "never" | "build";

export type ContainerMount =
  /** `source`: absolute path of the machine. */
  | { readonly kind: "bind"; readonly source: string; readonly target: string; readonly readOnly: boolean }
  /** `source`: name of a volume of the mesh; undefined: one that ends with the container. */
  | {
      readonly kind: "volume";
      readonly source: string | undefined;
      readonly target: string;
      readonly readOnly: boolean;
    }
  | { readonly kind: "tmpfs"; readonly target: string }
  /** A read-only folder with these files, as a ConfigMap or Secret is mounted. */
  | { readonly kind: "files"; readonly target: string; readonly files: Labels };

export interface Healthcheck {
  /** Compose's form: `CMD` or `CMD-SHELL`, and the words. */
  readonly test: readonly string[];
  /** Milliseconds, as all of these; undefined: the engine's default. */
  readonly intervalMs: number | undefined;
  readonly timeoutMs: number | undefined;
  readonly startPeriodMs: number | undefined;
  readonly retries: number | undefined;
}

/** What is waited for of a needed service: readiness, that it was started, or that it ended with exit code 0. */
export type NeedCondition = "ready" | "started" | "completed";

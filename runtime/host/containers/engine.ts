import type { Healthcheck } from "../../model/container.ts";
import type { Labels } from "../../model/resource.ts";

/** What container pods ask of a container engine: Docker or Podman behind Docker's API. What it throws is a MeshError of MD602x. */
export interface PodEngine {
  readonly rootless: boolean;
  readonly containers: Containers;
  readonly images: Images;
}

export interface Containers {
  /** Gives its id. */
  readonly create: (spec: NewContainer) => Promise<string>;
  /** Connects to its streams; before `start`, so that no line is lost. */
  readonly attach: (id: string, options: AttachOptions) => Promise<Attachment>;
  /** Resolves at the next end; called before `start`, so that none is missed. */
  readonly nextExit: (id: string) => Promise<ContainerExit>;
  /** No error when it runs already. */
  readonly start: (id: string) => Promise<void>;
  /** Ends it by its stop signal, after the grace period by SIGKILL. No error when it has ended or is gone. */
  readonly stop: (id: string, graceMs: number) => Promise<void>;
  /** No error when it has ended or is gone. */
  readonly kill: (id: string, signal: string) => Promise<void>;
  /** With its anonymous volumes, also while it runs. No error when it is gone; resolves when it is. */
  readonly remove: (id: string) => Promise<void>;
  /** Undefined: there is none. By id or name. */
  readonly inspect: (id: string) => Promise<ContainerFacts | undefined>;
  /** With all of these labels, running or not; an empty value means any. */
  readonly list: (labels: Labels) => Promise<readonly ContainerSummary[]>;
  /** Runs a command in it and waits for its end. */
  readonly exec: (id: string, command: readonly string[]) => Promise<ExecResult>;
  /** What it wrote so far, the last lines first to be dropped. */
  readonly logs: (id: string, last: number) => Promise<readonly OutputLine[]>;
}

export type ContainerNetwork =
  /** Only `lo`. */
  | { readonly kind: "none" }
  /** The namespace of another container. */
  | { readonly kind: "container"; readonly id: string };

export interface NewContainer {
  readonly name: string;
  readonly image: string;
  readonly labels: Labels;
  readonly entrypoint?: readonly string[] | undefined;
  readonly command?: readonly string[] | undefined;
  readonly env?: Labels;
  readonly user?: string | undefined;
  readonly workingDirectory?: string | undefined;
  readonly tty?: boolean;
  /** Ends with SIGTERM and reaps children, which a program as process 1 seldom does itself. */
  readonly init?: boolean;
  readonly healthcheck?: Healthcheck | "none" | undefined;
  readonly network: ContainerNetwork;
  readonly hostname?: string;
  readonly sysctls?: Labels;
  readonly mounts?: readonly EngineMount[];
  /** `ALL` for every one. Absent: the engine's defaults. */
  readonly dropCapabilities?: readonly string[];
  readonly addCapabilities?: readonly string[];
  readonly readOnlyRoot?: boolean;
  readonly noNewPrivileges?: boolean;
  readonly pidsLimit?: number;
  /** Bytes. */
  readonly memoryLimit?: number | undefined;
  readonly cpuLimit?: number | undefined;
}

export type EngineMount =
  /** `source` must exist. */
  | { readonly kind: "bind"; readonly source: string; readonly target: string; readonly readOnly: boolean }
  /** `source` undefined: an anonymous one. */
  | {
      readonly kind: "volume";
      readonly source: string | undefined;
      readonly target: string;
      readonly readOnly: boolean;
    }
  /** `options`: as `rw,noexec,nosuid,size=16m`. */
  | { readonly kind: "tmpfs"; readonly target: string; readonly options?: string };

export interface OutputLine {
  readonly stream: "stdout" | "stderr";
  readonly line: string;
}

export interface AttachOptions {
  readonly tty?: boolean;
  /** Whole lines, decoded. */
  readonly onLine: (stream: "stdout" | "stderr", line: string) => void;
}

export interface Attachment {
  /** Resolves when its output has ended, or the connection. */
  readonly ended: Promise<void>;
}

export interface ContainerExit {
  readonly code: number;
  /** The kernel ended it, for memory. */
  readonly outOfMemory: boolean;
  /** What the engine says against it: a program that is not there, a port that is taken. */
  readonly error: string | undefined;
}

export interface ContainerFacts {
  readonly id: string;
  readonly name: string;
  readonly image: string;
  readonly labels: Labels;
  readonly state: string;
  /** Of its first process on the engine's machine; 0: none. */
  readonly pid: number;
  readonly exit: ContainerExit | undefined;
  readonly health: "starting" | "healthy" | "unhealthy" | undefined;
  /** What its check said last. */
  readonly healthOutput: string | undefined;
  readonly startedAt: string;
}

export interface ContainerSummary {
  readonly id: string;
  readonly name: string;
  readonly image: string;
  readonly labels: Labels;
  readonly state: string;
}

export interface ExecResult {
  /** 126 and 127: it could not be run. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Images {
  /** Undefined: the engine has not got it. */
  readonly inspect: (reference: string) => Promise<ImageFacts | undefined>;
  /** MD6029 when the registry refuses, has not got it, or cannot be reached. */
  readonly pull: (reference: string, onLine: (line: string) => void) => Promise<void>;
  /** Gives the id. MD6029 when a step fails. */
  readonly build: (spec: NewImage, onLine: (line: string) => void) => Promise<string>;
}

export interface ImageFacts {
  readonly id: string;
  readonly tags: readonly string[];
  readonly labels: Labels;
  /** Bytes. */
  readonly size: number;
  /** As Node names it. */
  readonly architecture: string;
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
  readonly user: string;
  readonly hasHealthcheck: boolean;
}

export interface NewImage {
  readonly tag: string;
  /** Absolute folder; its .dockerignore counts. */
  readonly context: string;
  /** Relative to the context. */
  readonly dockerfile: string;
  readonly args: Labels;
  readonly target: string | undefined;
  readonly labels: Labels;
}

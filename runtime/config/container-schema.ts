import { text, texts, variable } from "./schema-values.ts";

const words = { anyOf: [{ type: "string" }, { type: "array", items: text }] };
const duration = { type: "string" };

export const buildFields = {
  context: { type: "string", description: "Folder, relative to the project's." },
  dockerfile: { type: "string", description: "Relative to the context; default: Dockerfile." },
  args: { ...texts, description: "Build arguments." },
  target: { type: "string", description: "Stage to build." },
};

export const healthcheckFields = {
  test: { ...words, description: "CMD or CMD-SHELL and the words, NONE, or a string for the shell." },
  interval: duration,
  timeout: duration,
  start_period: duration,
  retries: { type: "integer", minimum: 1 },
  disable: { type: "boolean", description: "true: the image's own check is not run either." },
};

export const mountFields = {
  type: { enum: ["bind", "volume", "tmpfs", "files"] },
  source: { type: "string", description: "A folder or file of the machine, or the name of a volume." },
  target: { type: "string", pattern: "^/", description: "Absolute path in the container." },
  read_only: { type: "boolean" },
  files: { ...texts, description: "Names and contents, for the type files: a read-only folder, as of a ConfigMap." },
};

/** Keys about how a program's life goes, of processes and containers. */
export const lifeFields = {
  stop_grace_period: { type: "string", description: "Time to end by itself before it is killed, such as 10s." },
} as const;

/** Keys that only a container has, named as in Compose. */
export const containerFields = {
  image: { type: "string", minLength: 1, description: "What runs, instead of run: an image's reference." },
  build: {
    description: "Builds the image: the folder of its Dockerfile, or a map.",
    anyOf: [{ type: "string" }, { type: "object", additionalProperties: false, properties: buildFields }],
  },
  pull_policy: { enum: ["always", "missing", "if_not_present", "never", "build"], description: "Default: missing." },
  entrypoint: { ...words, description: "Instead of the image's." },
  command: { ...words, description: "Instead of the image's; a string is split into words as a shell does." },
  volumes: {
    description: "Mounts: ./folder:/path[:ro], volume:/path, /path, or a map.",
    type: "array",
    items: {
      anyOf: [
        { type: "string" },
        { type: "object", additionalProperties: false, required: ["target"], properties: mountFields },
      ],
    },
  },
  user: { ...text, description: "uid[:gid], or names of the image." },
  working_dir: { type: "string", description: "Working directory in the container." },
  healthcheck: {
    type: "object",
    additionalProperties: false,
    properties: healthcheckFields,
    description: "How to ask whether it is healthy; then it is ready when it says so.",
  },
  tty: { anyOf: [{ type: "boolean" }, variable], description: "true: the program gets a terminal." },
  mem_limit: { anyOf: [{ type: "integer" }, { type: "string" }], description: "Most memory, as 512m or 1g." },
  cpus: { anyOf: [{ type: "number" }, { type: "string" }], description: "Most CPU time, as 0.5." },
} as const;

import { containerFields, lifeFields } from "./container-schema.ts";
import { readinessFields } from "./readiness-schema.ts";
import { restartFields } from "./watch-spec.ts";
import { dnsLabel, portNumber, portShort, text, texts, variable } from "./schema-values.ts";

export const port = {
  type: "object",
  additionalProperties: false,
  required: ["port"],
  properties: {
    name: {
      ...dnsLabel,
      description: "The part before the first - names the protocol, as in Istio: http, grpc-web, tcp-db.",
    },
    port: { ...portNumber, description: "Port of the Service." },
    target: { ...portNumber, description: "Port on which the program listens; default: port." },
    protocol: { type: "string", description: "Acts as appProtocol: http, http2, grpc, tcp, tls, mongo, redis, mysql." },
  },
};

const publish = { anyOf: [...portNumber.anyOf, { type: "string", pattern: "^[0-9]{1,5}(:[0-9]{1,5})?$" }] };

const envFile = {
  type: "object",
  additionalProperties: false,
  required: ["path"],
  properties: {
    path: { type: "string", description: "Relative to the project's folder." },
    required: { anyOf: [{ type: "boolean" }, variable], description: "false: no fault when it is not there." },
  },
};

/** Keys of an entry of `services`. Fields that belong together have a file of their own and are spread here. */
export const serviceFields = {
  run: {
    description: "The command: a string runs by sh -c, a list is executed as it is. PORT is set.",
    anyOf: [
      { type: "string", minLength: 1 },
      { type: "array", minItems: 1, items: text },
    ],
  },
  cwd: { type: "string", description: "Working directory, relative to this file." },
  env: { ...texts, description: "Variables of the program." },
  env_file: {
    description: "Files of variables for the program; a later one wins, and env over all.",
    anyOf: [{ type: "string" }, { type: "array", items: { anyOf: [{ type: "string" }, envFile] } }],
  },
  port: { ...portShort, description: "The one port: 8080 is HTTP, 5432/tcp is raw TCP." },
  ports: { type: "array", items: { anyOf: [...portShort.anyOf, port] }, description: "Several ports, in long form." },
  publish: {
    description:
      "Host port on 127.0.0.1 and ::1 that leads to the sidecar: 3000, or 3000:8080 for one of several ports.",
    anyOf: [...publish.anyOf, { type: "array", items: publish }],
  },
  sidecar: {
    anyOf: [{ type: "boolean" }, variable],
    description: "false: a program without proxy, which calls in plaintext.",
  },
  namespace: { ...dnsLabel, description: "Kubernetes namespace; default: default." },
  serviceAccount: {
    ...dnsLabel,
    description: "Service account, the last part of the SPIFFE id; default: the service's name.",
  },
  labels: { ...texts, description: "Labels of the workload, over app: <name> and version: v1." },
  annotations: { ...texts, description: "Annotations of the workload." },
  instances: {
    anyOf: [{ type: "integer", minimum: 0, maximum: 250 }, variable],
    description: "How many to run; default 1.",
  },
  profiles: {
    description: "Runs only when `--profile` names one of these; without any it always runs.",
    anyOf: [{ type: "string" }, { type: "array", items: { type: "string" } }],
  },
  needs: {
    description: "Services that must be ready first; or, as a map, started or completed (ended with exit code 0).",
    anyOf: [
      { type: "array", items: { type: "string" } },
      { type: "string" },
      { type: "object", additionalProperties: { enum: ["ready", "started", "completed"] } },
    ],
  },
  ...restartFields,
  ...readinessFields,
  ...lifeFields,
  ...containerFields,
} as const;

export const variantFields = {
  ...serviceFields,
  extends: { type: "string", description: "The service whose Service, app label and account this workload shares." },
} as const;

export const serviceKeys: readonly string[] = Object.keys(serviceFields);
export const variantKeys: readonly string[] = Object.keys(variantFields);
export const portKeys: readonly string[] = Object.keys(port.properties);

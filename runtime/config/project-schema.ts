const text = { type: ["string", "number", "boolean"] };
const texts = { type: "object", additionalProperties: { type: ["string", "number", "boolean", "null"] } };
const dnsLabel = { type: "string", pattern: "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$", maxLength: 63 };
const variable = { type: "string", pattern: "\\$\\{" };
const portNumber = { anyOf: [{ type: "integer", minimum: 1, maximum: 65535 }, variable] };
const portShort = {
  anyOf: [...portNumber.anyOf, { type: "string", pattern: "^[0-9]{1,5}(/[A-Za-z][-A-Za-z0-9.]*)?$" }],
};

const port = {
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

const service = {
  run: {
    description: "The command: a string runs by sh -c, a list is executed as it is. PORT is set.",
    anyOf: [
      { type: "string", minLength: 1 },
      { type: "array", minItems: 1, items: text },
    ],
  },
  cwd: { type: "string", description: "Working directory, relative to this file." },
  env: { ...texts, description: "Variables of the program." },
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
  needs: {
    description: "Services that must be ready first.",
    anyOf: [
      { type: "array", items: { type: "string" } },
      { type: "string" },
      { type: "object", additionalProperties: { const: "ready" } },
    ],
  },
  ready: {
    description: "When the service counts as ready; default: its ports accept, or it was started when it has none.",
    anyOf: [
      { enum: ["ports", "spawn"] },
      {
        type: "object",
        additionalProperties: false,
        required: ["http"],
        properties: {
          http: { type: "string", pattern: "^/", description: "Path that must answer with a status below 400." },
          port: { ...portNumber, description: "Port of the program; default: its first." },
          every: { type: "string", description: "Interval, such as 500ms or 1s; default 1s." },
        },
      },
    ],
  },
} as const;

const variant = {
  ...service,
  extends: { type: "string", description: "The service whose Service, app label and account this workload shares." },
} as const;
const extensionKeys = { "^x-": {} };

/** JSON Schema of meshdev.yaml: what `meshdev schema project` prints, and where the known keys come from. */
export const projectSchema = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  title: "meshdev.yaml",
  description: "A mesh of local processes, in Kubernetes and Istio terms.",
  type: "object",
  additionalProperties: false,
  patternProperties: extensionKeys,
  properties: {
    name: { ...dnsLabel, description: "Name of the mesh; default: the folder's." },
    services: {
      type: "object",
      description: "One Service with its workloads per entry.",
      propertyNames: dnsLabel,
      additionalProperties: {
        type: "object",
        additionalProperties: false,
        patternProperties: extensionKeys,
        properties: service,
      },
    },
    variants: {
      type: "object",
      description: "Further workloads behind the Service of another entry, for subsets and canaries.",
      propertyNames: dnsLabel,
      additionalProperties: {
        type: "object",
        additionalProperties: false,
        patternProperties: extensionKeys,
        required: ["extends"],
        properties: variant,
      },
    },
    mesh: {
      description: "Files and folders of Istio and Kubernetes YAML, read recursively and hot reloaded.",
      anyOf: [{ type: "string" }, { type: "array", items: { type: "string" } }],
    },
    ca: {
      type: "string",
      description:
        "Folder of a plug-in CA: ca-cert.pem, ca-key.pem, cert-chain.pem, root-cert.pem, as in Istio's secret cacerts.",
    },
    meshConfig: { type: "object", description: "Fields of Istio's MeshConfig, verbatim." },
    features: { ...texts, description: "istiod's environment switches." },
  },
} as const;

export const projectKeys: readonly string[] = Object.keys(projectSchema.properties);
export const serviceKeys: readonly string[] = Object.keys(service);
export const variantKeys: readonly string[] = Object.keys(variant);
export const portKeys: readonly string[] = Object.keys(port.properties);
export const readyKeys: readonly string[] = ["http", "port", "every"];

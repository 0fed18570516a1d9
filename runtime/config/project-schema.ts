import { profileFields } from "./profiles.ts";
import { dnsLabel, texts } from "./schema-values.ts";
import { serviceFields, variantFields } from "./service-schema.ts";

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
        properties: serviceFields,
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
        properties: variantFields,
      },
    },
    profiles: {
      type: "object",
      description: "Settings of profiles that `--profile` chooses.",
      additionalProperties: {
        type: ["object", "null"],
        additionalProperties: false,
        patternProperties: extensionKeys,
        properties: profileFields,
      },
    },
    mesh: {
      description: "Files and folders of Istio and Kubernetes YAML, read recursively and hot reloaded.",
      anyOf: [{ type: "string" }, { type: "array", items: { type: "string" } }],
    },
    kubernetes: {
      description:
        "The same, and their Deployments, StatefulSets, DaemonSets, Jobs and Pods run: a service with the name of one says how.",
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

import { type Document, LineCounter, parseAllDocuments, type ScalarTag } from "yaml";

/** Kubernetes reads YAML 1.1 booleans (`yes`, `off`, `y`); meshdev.yaml is YAML 1.2. */
export type Dialect = "kubernetes" | "project";

const kubernetesBoolean: ScalarTag = {
  identify: (value) => typeof value === "boolean",
  default: true,
  tag: "tag:yaml.org,2002:bool",
  test: /^(?:y|Y|yes|Yes|YES|n|N|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF)$/,
  resolve: (text) => /^(?:y|yes|true|on)$/i.test(text),
};

/** The library's documents of a text, with what is wrong with each. Throws when the text is nested too deeply. */
export function yamlDocuments(text: string, dialect: Dialect): readonly Document.Parsed[] {
  const documents = parseAllDocuments(text, {
    lineCounter: new LineCounter(),
    prettyErrors: false,
    uniqueKeys: true,
    merge: true,
    logLevel: "silent",
    schema: "core",
    ...(dialect === "kubernetes"
      ? {
          customTags: (tags) => [
            kubernetesBoolean,
            ...tags.filter((tag) => typeof tag === "string" || tag.tag !== kubernetesBoolean.tag),
          ],
        }
      : {}),
  });
  return Array.isArray(documents) ? documents : [];
}

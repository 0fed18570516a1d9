import type { DocumentName } from "./document-kind.ts";
import { isDnsLabel, isDnsSubdomain, isLabelKey, isLabelValue } from "./names.ts";
import { checkShape, type Finding } from "./shape-check.ts";
import { metadataShape } from "./shapes-kubernetes.ts";
import { isRecord } from "./yaml-tree.ts";

/** What an API server asks of ObjectMeta. */
export function checkMetadata(metadata: unknown, who: DocumentName): readonly Finding[] {
  if (!isRecord(metadata))
    return [
      { code: "MD1004", field: "metadata", message: "the document has no metadata", hint: "add metadata with a name" },
    ];
  const findings = checkShape(metadata, metadataShape, "metadata").slice();
  const { name, namespace } = metadata;
  if (name === undefined || name === "")
    findings.push({
      code: "MD1004",
      field: "metadata",
      message: "metadata.name is missing",
      hint: "give the resource a name",
    });
  if (typeof name === "string" && name !== "" && who.entry !== undefined && !isDnsSubdomain(name)) {
    findings.push({
      code: "MD1007",
      field: "metadata.name",
      message: `metadata.name: ${name} is not a valid name`,
      hint: "use lower case letters, digits, - and .",
    });
  }
  if (typeof namespace === "string" && namespace !== "" && !isDnsLabel(namespace)) {
    findings.push({
      code: "MD1007",
      field: "metadata.namespace",
      message: `metadata.namespace: ${namespace} is not a valid name`,
      hint: "use lower case letters, digits and -",
    });
  }
  for (const [key, value] of Object.entries(isRecord(metadata["labels"]) ? metadata["labels"] : {})) {
    if (!isLabelKey(key))
      findings.push({
        code: "MD1007",
        field: `metadata.labels.${key}`,
        part: "key",
        message: `metadata.labels: ${key} is not a valid label name`,
      });
    if (typeof value === "string" && !isLabelValue(value))
      findings.push({
        code: "MD1007",
        field: `metadata.labels.${key}`,
        message: `metadata.labels.${key}: ${value} is not a valid label value`,
      });
  }
  return findings;
}

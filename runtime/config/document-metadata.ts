import type { DocumentName } from "./document-kind.ts";
import type { Finding } from "./finding.ts";
import { isDnsLabel } from "./names.ts";
import { checkShape } from "./shape-check.ts";
import { metadataShape } from "./shapes-kubernetes.ts";
import { isRecord } from "./yaml-tree.ts";

/** What an API server asks of ObjectMeta. */
export function checkMetadata(metadata: unknown, who: DocumentName): readonly Finding[] {
  if (!isRecord(metadata))
    return [
      {
        code: "MD1004",
        stage: "metadata",
        field: "metadata.name",
        at: "metadata",
        message: "the document has no metadata",
        hint: "add metadata with a name",
      },
    ];
  const { name, namespace, labels, annotations } = metadata;
  // What is no ObjectMeta at all does not get as far as its rules.
  const decoding = checkShape(metadata, metadataShape, "metadata")
    .filter((finding) => finding.field !== "metadata.name")
    .map((finding): Finding => ({ ...finding, stage: finding.stage === "unknownField" ? "unknownField" : "decode" }));
  return [
    ...decoding,
    ...checkName(name, metadata["generateName"], who.entry !== undefined),
    ...(typeof namespace === "string" && namespace !== "" && !isDnsLabel(namespace)
      ? [
          refused(
            "metadata.namespace",
            `metadata.namespace: ${namespace} is not a valid name`,
            "use lower case letters, digits and -",
          ),
        ]
      : []),
    ...Object.entries(isRecord(labels) ? labels : {}).flatMap(([key, value]) => checkLabel(key, value)),
    ...Object.keys(isRecord(annotations) ? annotations : {}).flatMap((key) => keyFaults("annotations", key)),
  ];
}

function checkName(name: unknown, generated: unknown, known: boolean): readonly Finding[] {
  if (typeof name !== "string" || name === "") {
    if (typeof generated === "string" && generated !== "") return [];
    return [
      {
        code: "MD1004",
        stage: "metadata",
        field: "metadata.name",
        ...(name === undefined ? { at: "metadata" } : {}),
        message: name === undefined || name === "" ? "metadata.name is missing" : "metadata.name must be a string",
        hint: typeof name === "number" ? `write it in quotes: "${name}"` : "give the resource a name",
      },
    ];
  }
  if (!known) return [];
  return [
    ...(name.length > 253 ? [refused("metadata.name", "metadata.name is longer than 253 characters")] : []),
    ...(/^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/.test(name)
      ? []
      : [
          refused(
            "metadata.name",
            `metadata.name: ${name} is not a valid name`,
            "use lower case letters, digits, - and .",
          ),
        ]),
  ];
}

const qualifiedName = /^[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?$/;

function checkLabel(key: string, value: unknown): readonly Finding[] {
  if (typeof value !== "string") return keyFaults("labels", key);
  const at = `metadata.labels.${key}`;
  return [
    ...keyFaults("labels", key),
    ...(value.length > 63 ? [{ ...refused("metadata.labels", `${at} is longer than 63 characters`), at }] : []),
    ...(value === "" || qualifiedName.test(value)
      ? []
      : [{ ...refused("metadata.labels", `${at}: ${value} is not a valid label value`), at }]),
  ];
}

/** The name of a label or annotation: an optional DNS prefix and `/`, then a name. */
function keyFaults(map: "labels" | "annotations", key: string): readonly Finding[] {
  const field = `metadata.${map}`;
  const name = key.slice(key.indexOf("/") + 1);
  const prefix = key.includes("/") ? key.slice(0, key.indexOf("/")) : undefined;
  const wrong = (what: string): Finding => ({
    ...refused(field, `${field}: ${key} ${what}`),
    at: `${field}.${key}`,
    part: "key",
  });
  return [
    ...(prefix === undefined || /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/.test(prefix)
      ? []
      : [wrong("has a prefix that is not a DNS name")]),
    ...(name.length > 63 ? [wrong("has a name longer than 63 characters")] : []),
    ...(qualifiedName.test(name) ? [] : [wrong("is not a valid name")]),
  ];
}

function refused(field: string, message: string, hint?: string): Finding {
  return { code: "MD1007", stage: "metadata", field, message, ...(hint === undefined ? {} : { hint }) };
}

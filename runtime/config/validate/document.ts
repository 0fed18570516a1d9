import type { DocumentName } from "../document-kind.ts";
import { decode } from "../decode.ts";
import type { Finding } from "../finding.ts";
import { quote } from "../go-text.ts";
import { stringEntries } from "../string-entries.ts";
import { isRecord } from "../yaml-tree.ts";
import { validateAnnotations } from "./annotations.ts";
import type { Report } from "./report.ts";
import { type Subject, validators } from "./validate.ts";

/** What istiod's webhook and `istioctl validate` say of a document, and its spec as they read it. */
export interface Validated {
  readonly findings: readonly Finding[];
  /** As `istioctl analyze` reads it: without unknown fields. Undefined when it does not decode, or its kind is not Istio's. */
  readonly spec: unknown;
}

export function validateDocument(document: Readonly<Record<string, unknown>>, who: DocumentName): Validated {
  const shape = who.entry?.spec;
  if (!Object.hasOwn(validators, who.kind) || shape === undefined || who.entry?.versions.includes(who.version) !== true)
    return { findings: [], spec: undefined };
  const decoded = decode(document["spec"] ?? {}, shape, "spec");
  if ("fault" in decoded) {
    const { field, message } = decoded.fault;
    const lenient = decode(document["spec"] ?? {}, shape, "spec", "ignore");
    return {
      findings: [refusal(field, `cannot parse proto message: ${message}`)],
      spec: "fault" in lenient ? undefined : lenient.value,
    };
  }
  const unknown = Object.keys(document).filter((key) => !documentKeys.includes(key));
  if (unknown.length > 0)
    return {
      findings: unknown.map((key) => refusal(key, `unknown field ${quote(key)}`)),
      spec: decoded.value,
    };
  const metadata = isRecord(document["metadata"]) ? document["metadata"] : {};
  const subject = { name: who.name ?? "", namespace: who.namespace, labels: stringEntries(metadata["labels"]) };
  const spec: unknown = decoded.value;
  const action = isRecord(spec) && typeof spec["action"] === "string" ? spec["action"] : "ALLOW";
  const findings: Finding[] = [];
  const annotations = stringEntries(metadata["annotations"]);
  const sound = validateAnnotations(annotations, { ...subject, kind: who.kind, action }, collect(findings));
  return { findings: sound ? validateSpec(who.kind, spec, subject) : findings, spec };
}

/** What the validator of a kind says of a decoded spec. */
export function validateSpec(kind: string, spec: unknown, subject: Subject): readonly Finding[] {
  const findings: Finding[] = [];
  const validator = Object.hasOwn(validators, kind) ? validators[kind] : undefined;
  validator?.(spec as never, subject, collect(findings));
  return findings;
}

function collect(findings: Finding[]): Report {
  return {
    refuse: (field, message, hint) => {
      findings.push(refusal(field, message, hint));
    },
    warn: (field, message, hint) => {
      findings.push({ ...refusal(field, message, hint), code: "MD2015", severity: "warning" });
    },
    notice: (code, field, message) => {
      findings.push({ ...refusal(field, message), code, severity: code === "IST0131" ? "info" : "warning" });
    },
  };
}

export const documentKeys = ["apiVersion", "kind", "metadata", "spec", "status"];

function refusal(field: string, message: string, hint?: string): Finding {
  return { code: "MD1008", stage: "istio", field, message, ...(hint === undefined ? {} : { hint }) };
}

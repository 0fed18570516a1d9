import type { CredentialObject, Credentials, SecretReader } from "../model/credential.ts";
import type { Resource } from "../model/resource.ts";
import { isRecord } from "./yaml-tree.ts";

/** Fields of Kubernetes objects that have no `spec`; they stand in a resource's `spec` here. */
const fieldsWithoutSpec: Readonly<Record<string, readonly string[]>> = {
  Secret: ["type", "data", "stringData"],
  ConfigMap: ["data", "binaryData"],
  Role: ["rules"],
  ClusterRole: ["rules"],
  RoleBinding: ["subjects", "roleRef"],
  ClusterRoleBinding: ["subjects", "roleRef"],
};

/** What a document says besides its metadata. */
export function specOf(kind: string, document: Readonly<Record<string, unknown>>): unknown {
  const fields = fieldsWithoutSpec[kind];
  if (fields === undefined || document["spec"] !== undefined) return document["spec"] ?? {};
  return Object.fromEntries(fields.filter((name) => name in document).map((name) => [name, document[name]]));
}

export function isSecret({ kind, apiVersion }: Pick<Resource, "kind" | "apiVersion">): boolean {
  return kind === "Secret" && apiVersion === "v1";
}

/** Secrets, ConfigMaps, and whom Roles and their bindings let list Secrets. */
export function readCredentials(resources: readonly Resource[]): Credentials {
  const core = (kind: string): readonly CredentialObject[] =>
    resources.filter((each) => each.kind === kind && each.apiVersion === "v1").map(readObject);
  return {
    secrets: core("Secret"),
    configMaps: core("ConfigMap"),
    readers: resources.flatMap((resource) => readersOf(resource, resources)),
  };
}

function readObject({ kind, name, namespace, spec }: Resource): CredentialObject {
  const { data, stringData } = isRecord(spec) ? spec : {};
  const decode = (text: string): string => (kind === "Secret" ? Buffer.from(text, "base64").toString("latin1") : text);
  return {
    namespace,
    name,
    data: new Map([...texts(data).map(([key, text]) => [key, decode(text)] as const), ...texts(stringData)]),
  };
}

function texts(value: unknown): readonly (readonly [string, string])[] {
  return isRecord(value)
    ? Object.entries(value).flatMap(([key, text]) => (typeof text === "string" ? [[key, text] as const] : []))
    : [];
}

const rbac = "rbac.authorization.k8s.io";

/** Whom a binding lets list Secrets; a binding to a role that is not among the files grants nothing. */
function readersOf(binding: Resource, resources: readonly Resource[]): readonly SecretReader[] {
  const clusterWide = binding.kind === "ClusterRoleBinding";
  if (!binding.apiVersion.startsWith(`${rbac}/`) || (!clusterWide && binding.kind !== "RoleBinding")) return [];
  const { subjects, roleRef } = isRecord(binding.spec) ? binding.spec : {};
  const wanted = isRecord(roleRef) ? roleRef : {};
  const role = resources.find(
    (each) =>
      each.apiVersion.startsWith(`${rbac}/`) &&
      each.kind === wanted["kind"] &&
      each.name === wanted["name"] &&
      (each.kind === "ClusterRole" || (each.kind === "Role" && !clusterWide && each.namespace === binding.namespace)),
  );
  if (role === undefined || !listsSecrets(role)) return [];
  const namespace = clusterWide ? undefined : binding.namespace;
  return (Array.isArray(subjects) ? subjects : []).flatMap((subject) => {
    const who = isRecord(subject) ? nameOfSubject(subject, binding.namespace) : undefined;
    return who === undefined ? [] : [{ namespace, who }];
  });
}

function nameOfSubject(subject: Readonly<Record<string, unknown>>, own: string): string | undefined {
  const { kind, name, namespace } = subject;
  if (typeof name !== "string") return undefined;
  if (kind === "ServiceAccount")
    return `system:serviceaccount:${typeof namespace === "string" ? namespace : own}:${name}`;
  return kind === "User" || kind === "Group" ? name : undefined;
}

/** A rule about single names does not let anybody list. */
function listsSecrets({ spec }: Resource): boolean {
  const rules: readonly unknown[] = isRecord(spec) && Array.isArray(spec["rules"]) ? spec["rules"] : [];
  const names = (list: unknown, ...wanted: readonly string[]): boolean =>
    Array.isArray(list) && list.some((each) => wanted.includes(String(each)));
  return rules.some(
    (rule) =>
      isRecord(rule) &&
      names(rule["apiGroups"], "", "*") &&
      names(rule["resources"], "secrets", "*") &&
      names(rule["verbs"], "list", "*") &&
      (!Array.isArray(rule["resourceNames"]) || rule["resourceNames"].length === 0),
  );
}

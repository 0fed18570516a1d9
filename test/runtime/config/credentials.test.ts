import { describe, expect, it, test } from "vitest";
import { describeChanges } from "../../../runtime/config/changes.ts";
import { describeDifferences } from "../../../runtime/config/differences.ts";
import { checkReferences } from "../../../runtime/config/references.ts";
import { findCredential } from "../../../runtime/model/credential.ts";
import type { Mesh } from "../../../runtime/model/mesh.ts";
import { paperMesh, paperWorkload } from "../../support/paper-mesh.ts";

const frontend = paperWorkload("frontend", "10.244.0.2");

function meshOf(...documents: readonly object[]): Mesh {
  return paperMesh({ workloads: [frontend], yaml: documents.map((each) => JSON.stringify(each)).join("\n---\n") });
}

const secret = (name: string, data: Readonly<Record<string, string>>, more: object = {}): object => ({
  apiVersion: "v1",
  kind: "Secret",
  metadata: { name, namespace: "default" },
  data: Object.fromEntries(Object.entries(data).map(([key, text]) => [key, Buffer.from(text).toString("base64")])),
  ...more,
});
const rbac = (kind: string, name: string, fields: object, namespace = "default"): object => ({
  apiVersion: "rbac.authorization.k8s.io/v1",
  kind,
  metadata: kind.startsWith("Cluster") ? { name } : { name, namespace },
  ...fields,
});
const list = { apiGroups: [""], resources: ["secrets"], verbs: ["list"] };
const role = rbac("Role", "reader", { rules: [list] });
const binding = (subject: object, kind = "RoleBinding", ref = "Role"): object =>
  rbac(kind, "reader", { roleRef: { kind: ref, name: "reader" }, subjects: [subject] });
const account = { kind: "ServiceAccount", name: "frontend", namespace: "default" };
const pair = { "tls.crt": "C", "tls.key": "K", "ca.crt": "A" };
const full = { mutual: true, verifies: true };

/** spec CT-11, TC-46; keys as istiod looks for them. */
describe("what a Secret gives a sidecar", () => {
  const find = (wish: { name: string; mutual: boolean; verifies: boolean }, ...documents: readonly object[]) =>
    findCredential(meshOf(role, binding(account), ...documents).credentials, frontend, wish);

  test.each([
    ["kubernetes.io/tls", secret("s", pair), { cert: "C", key: "K", ca: "A" }],
    [
      "generic",
      secret("s", { cert: "C", key: "K", cacert: "A", crl: "R" }),
      { cert: "C", key: "K", ca: "A", crl: "R" },
    ],
    ["generic first", secret("s", { ...pair, cert: "C2", key: "K2" }), { cert: "C2", key: "K2", ca: "A" }],
    ["its own list only", secret("s", { ...pair, crl: "R" }), { cert: "C", key: "K", ca: "A" }],
    ["stringData", secret("s", {}, { stringData: pair }), { cert: "C", key: "K", ca: "A" }],
  ])("%s", (_name, document, expected) => {
    expect(find({ name: "s", ...full }, document)).toEqual(expected);
  });

  it("takes the root from the Secret with -cacert behind its name, if there is one", () => {
    const root = secret("s-cacert", { cacert: "B" });
    expect(find({ name: "s", ...full }, secret("s", pair), root)).toEqual({ cert: "C", key: "K", ca: "B" });
    expect(find({ name: "s", mutual: false, verifies: true }, root)).toEqual({ ca: "B" });
  });

  it("gives no more than is asked for", () => {
    expect(find({ name: "s", mutual: true, verifies: false }, secret("s", pair))).toEqual({ cert: "C", key: "K" });
  });

  test.each([
    ["no such Secret", "s", [], "Secret default/s is not there"],
    ["in another namespace", "other/s", [secret("s", pair)], "a sidecar of default gets no Secret of other"],
    ["without a key", "s", [secret("s", { "tls.crt": "C", "ca.crt": "A" })], "neither cert and key nor tls.crt"],
    ["empty", "s", [secret("s", { ...pair, "tls.key": "" })], "neither cert and key nor tls.crt"],
    ["without a root", "s", [secret("s", { cert: "C", key: "K" })], "neither cacert nor ca.crt"],
    ["a ConfigMap for a client certificate", "configmap://default/s", [], "gives no client certificate"],
  ])("nothing: %s", (_name, name, documents, fault) => {
    const found = find({ name, ...full }, ...documents);
    expect("fault" in found ? found.fault : found).toContain(fault);
  });

  it("anybody may read a ConfigMap", () => {
    const map = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "roots" }, data: { "ca.crt": "A" } };
    const { credentials } = meshOf(map);
    const wish = { name: "configmap://default/roots", mutual: false, verifies: true };
    expect(findCredential(credentials, frontend, wish)).toEqual({ ca: "A" });
  });
});

describe("who may list Secrets", () => {
  const clusterRole = rbac("ClusterRole", "reader", { rules: [list] });
  const only = (rule: object): object => rbac("Role", "reader", { rules: [{ ...list, ...rule }] });
  test.each([
    ["the account of a binding", [role, binding(account)], true],
    ["an account of the binding's namespace", [role, binding({ kind: "ServiceAccount", name: "frontend" })], true],
    ["another account", [role, binding({ ...account, name: "x" })], false],
    ["the same name elsewhere", [role, binding({ ...account, namespace: "other" })], false],
    ["all accounts", [role, binding({ kind: "Group", name: "system:serviceaccounts" })], true],
    ["accounts of another namespace", [role, binding({ kind: "Group", name: "system:serviceaccounts:other" })], false],
    ["by user name", [role, binding({ kind: "User", name: "system:serviceaccount:default:frontend" })], true],
    ["a ClusterRole, here", [clusterRole, binding(account, "RoleBinding", "ClusterRole")], true],
    ["a ClusterRole, everywhere", [clusterRole, binding(account, "ClusterRoleBinding", "ClusterRole")], true],
    ["a ClusterRoleBinding to a Role", [role, binding(account, "ClusterRoleBinding", "Role")], false],
    ["nobody bound", [role], false],
    ["a role that is missing", [binding(account)], false],
    ["get alone", [only({ verbs: ["get"] }), binding(account)], false],
    ["everything", [only({ verbs: ["*"], resources: ["*"], apiGroups: ["*"] }), binding(account)], true],
    ["single Secrets", [only({ resourceNames: ["s"] }), binding(account)], false],
    ["other resources", [only({ resources: ["configmaps"] }), binding(account)], false],
  ])("%s", (_name, documents, may) => {
    const { credentials } = meshOf(secret("s", pair), ...documents);
    expect("fault" in findCredential(credentials, frontend, { name: "s", ...full })).toBe(!may);
  });
});

describe("rules that get nothing are told (MD2021)", () => {
  const rule = (spec: object): object => ({
    apiVersion: "networking.istio.io/v1",
    kind: "DestinationRule",
    metadata: { name: "d", namespace: "default" },
    spec: { host: "frontend", ...spec },
  });
  const tls = { tls: { mode: "MUTUAL", credentialName: "s" } };
  const selected = { workloadSelector: { matchLabels: { app: "frontend" } } };
  const told = (...documents: readonly object[]) =>
    checkReferences(meshOf(...documents))
      .filter(({ code }) => code === "MD2021")
      .map(({ field, message }) => `${field}: ${message}`);

  it("with their place", () => {
    expect(told(rule({ ...selected, trafficPolicy: tls }))).toEqual([
      "spec.trafficPolicy.tls.credentialName: service account default/frontend may not list Secrets: its connections fail",
    ]);
    const port = { portLevelSettings: [{ port: { number: 80 }, ...tls }] };
    expect(told(role, binding(account), rule({ ...selected, trafficPolicy: port }))).toEqual([
      "spec.trafficPolicy.portLevelSettings[0].tls.credentialName: Secret default/s is not there: its connections fail",
    ]);
    expect(told(rule({ trafficPolicy: tls }))[0]).toContain("goes out in plaintext");
  });

  it("and nothing where all is there", () => {
    expect(told(role, binding(account), secret("s", pair), rule({ ...selected, trafficPolicy: tls }))).toEqual([]);
  });
});

test("what a Secret holds is told nowhere", () => {
  const [before, after] = [meshOf(secret("s", { key: "first" })), meshOf(secret("s", { key: "second" }))];
  expect(describeChanges(before, after)).toEqual(["Secret default/s changed"]);
  expect(describeDifferences(before, after)).toEqual([]);
  expect(JSON.stringify(after.others)).not.toContain(Buffer.from("second").toString("base64"));
});

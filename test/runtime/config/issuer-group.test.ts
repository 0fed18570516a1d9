import { describe, expect, it } from "vitest";
import { parseDocuments } from "../../../runtime/config/documents.ts";
import { parseProject } from "../../../runtime/config/project.ts";
import { resolve } from "../../../runtime/config/resolve.ts";
import type { Mesh } from "../../../runtime/model/mesh.ts";

function meshOf(rule: object, services = "  web: {run: x, port: 8080}\n"): Mesh {
  const document = {
    apiVersion: "security.istio.io/v1",
    kind: "RequestAuthentication",
    metadata: { name: "jwt" },
    spec: { jwtRules: [rule] },
  };
  const { documents } = parseDocuments({ path: "a.yaml", text: JSON.stringify(document) });
  const project = parseProject({ path: "meshdev.yaml", text: `services:\n${services}` }, {});
  if (project.value === undefined) throw new Error(JSON.stringify(project.problems));
  const { value, problems } = resolve(
    project.value,
    documents.flatMap(({ resource }) => resource ?? []),
    { directory: "/p", env: {}, issuer: { command: ["node", "issuer.js"], env: {} } },
  );
  if (value === undefined) throw new Error(JSON.stringify(problems));
  return value;
}

const url = "http://meshdev-issuer.istio-system/jwks";
const idOf = (mesh: Mesh): readonly string[] => mesh.workloads.map(({ id }) => id);

describe("the issuer for development", () => {
  it.each<[string, object, boolean]>([
    ["its keys by URL", { issuer: "a", jwksUri: url }, true],
    ["its keys by discovery", { issuer: "http://meshdev-issuer.istio-system" }, true],
    ["keys of somebody else", { issuer: "a", jwksUri: "https://id.example/jwks" }, false],
    ["inline keys", { issuer: "http://meshdev-issuer.istio-system", jwks: '{"keys":[]}' }, false],
  ])("%s", (_name, rule, expected) => {
    expect(idOf(meshOf(rule)).includes("meshdev-issuer-1.istio-system")).toBe(expected);
  });

  it("is a workload like any other", () => {
    const mesh = meshOf({ jwksUri: url });
    const issuer = mesh.workloads.find(({ service }) => service === "meshdev-issuer");
    expect(issuer).toMatchObject({
      namespace: "istio-system",
      serviceAccount: "meshdev-issuer",
      sidecar: true,
      ports: [{ name: "http", port: 8080 }],
      program: { command: ["node", "issuer.js"], ready: { kind: "ports" } },
    });
    expect(mesh.services.find(({ name }) => name === "meshdev-issuer")).toMatchObject({
      hostname: "meshdev-issuer.istio-system.svc.cluster.local",
      ports: [{ port: 80, target: 8080, protocol: "http" }],
    });
  });

  it("leaves its name to a service of the project", () => {
    const mesh = meshOf({ jwksUri: url }, "  meshdev-issuer: {run: own, port: 80, namespace: istio-system}\n");
    expect(mesh.workloads.map(({ program }) => program?.command)).toEqual(["own"]);
  });
});

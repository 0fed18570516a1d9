import { join } from "node:path";
import { createProject, type Project } from "../../e2e/support/project.ts";

const application = join(import.meta.dirname, "..", "backend", "main.ts");
export const ports = { http1: 8080, http2: 8081, tcp: 9000 } as const;

/** How many policies the guarded services carry. */
export const manyPolicies = 1000;

const thisCaller = "from: [{source: {principals: [cluster.local/ns/default/sa/frontend]}}]";

/** A service, and what protects it; all are the same program. */
export interface Guarded {
  readonly policies: string;
  readonly authorization: string;
}

export const usualServices = {
  backend: { policies: onePolicy("backend"), authorization: "AuthorizationPolicy" },
  open: { policies: "", authorization: "none" },
} as const satisfies Readonly<Record<string, Guarded>>;

export const crowdedServices = {
  one: { policies: onePolicy("one"), authorization: "AuthorizationPolicy" },
  "by-identity": {
    policies: policies(
      "by-identity",
      (n) => `from: [{source: {principals: [cluster.local/ns/default/sa/caller-${n}]}}]`,
    ),
    authorization: `${manyPolicies} AuthorizationPolicies, identity discriminates`,
  },
  "by-path": {
    policies: policies("by-path", (n) => `to: [{operation: {paths: [/api/v${n}/orders]}}]`),
    authorization: `${manyPolicies} AuthorizationPolicies, path discriminates`,
  },
} as const satisfies Readonly<Record<string, Guarded>>;

/** A mesh with those services and one caller, which leaves what its hook is told in `hook.json`. */
export function createMesh(services: Readonly<Record<string, Guarded>>): Project {
  const run = JSON.stringify([process.execPath, application, ...Object.values(ports).map(String)]);
  const declared = Object.keys(services).map(
    (name) =>
      `  ${name}: {run: ${run}, ports: [{name: http, port: ${ports.http1}}, {name: http2, port: ${ports.http2}}, {name: tcp, port: ${ports.tcp}}]}`,
  );
  const tell = JSON.stringify([
    process.execPath,
    "-e",
    "require('fs').copyFileSync(process.env.MESHDEV_HOOK, 'hook.json'); setInterval(() => {}, 1e6)",
  ]);
  return createProject({
    "meshdev.yaml": `services:\n${declared.join("\n")}\n  frontend: {run: ${tell}}\nmesh: ./mesh\n`,
    "mesh/peer.yaml":
      "apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: {name: default, namespace: default}\nspec: {mtls: {mode: STRICT}}\n",
    ...Object.fromEntries(Object.entries(services).map(([name, { policies: text }]) => [`mesh/${name}.yaml`, text])),
  });
}

function authorizationPolicy(service: string, name: string, rule: string): string {
  return `apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: ${name}, namespace: default}
spec:
  selector: {matchLabels: {app: ${service}}}
  rules:
    - ${rule}
`;
}

function onePolicy(service: string): string {
  return authorizationPolicy(service, `${service}-allow`, thisCaller);
}

/** All but one are for others; the one that allows comes last. */
function policies(service: string, rule: (n: number) => string): string {
  const others = Array.from({ length: manyPolicies - 1 }, (_, n) =>
    authorizationPolicy(service, `${service}-${String(n).padStart(4, "0")}`, rule(n)),
  );
  return [...others, authorizationPolicy(service, `${service}-allow`, thisCaller)].join("---\n");
}

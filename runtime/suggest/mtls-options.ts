import { bindPeerAuthentication } from "../compile/peer-authentication.ts";
import type { Mesh, Workload } from "../model/mesh.ts";
import { type Provenance, resourceName } from "../model/resource.ts";
import { addPart, editPart, freeMetadata, type NewPolicy, type Part, stepsOf } from "./part.ts";

/** Ways to make a port take plaintext too. All of them give mutual TLS up: the last resort. */
export function mtlsOptions(
  mesh: Mesh,
  workload: Workload,
  port: number,
  because: readonly Provenance[],
): readonly (readonly Part[])[] {
  const { workload: own } = bindPeerAuthentication(mesh)(workload);
  const atPort = `spec.portLevelMtls.${port}.mode`;
  const [decided] = because;
  const deciding = mesh.policies.peerAuthentications.find((each) => resourceName(each) === decided?.resource);
  const relaxed = (policy: typeof deciding, field: string, what: string): readonly (readonly Part[])[] =>
    policy === undefined
      ? []
      : [[editPart(policy, field, { kind: "set", path: stepsOf(field), value: "PERMISSIVE" }, what, true)]];
  const forPort = `let port ${port} of ${workload.service} take plaintext too`;
  return [
    ...relaxed(own, atPort, forPort),
    ...(own === undefined && deciding !== undefined
      ? [[newPeerAuthentication(mesh, workload, port, deciding.positions.file, forPort)]]
      : []),
    ...(decided === undefined || decided.field === atPort
      ? []
      : relaxed(
          deciding,
          decided.field,
          `let everything under ${resourceName(deciding ?? own ?? noPolicy)} take plaintext too`,
        )),
  ];
}

/** Ways to make a caller's own sidecar speak mutual TLS, by which it gets an identity; none of them opens anything by itself. */
export function identityOptions(mesh: Mesh, because: readonly Provenance[]): readonly (readonly Part[])[] {
  const parts = because.flatMap(({ resource, field }): readonly Part[] => {
    const path = stepsOf(field);
    const rule = mesh.policies.destinationRules.find((each) => resourceName(each) === resource);
    if (rule !== undefined) {
      const edit = { kind: "set", path, value: "ISTIO_MUTUAL" } as const;
      return [editPart(rule, field, edit, `let callers of ${rule.spec.host ?? rule.name} speak mutual TLS`)];
    }
    const policy = mesh.policies.peerAuthentications.find((each) => resourceName(each) === resource);
    const edit = { kind: "set", path, value: "PERMISSIVE" } as const;
    return policy === undefined ? [] : [editPart(policy, field, edit, `take mutual TLS again under ${resource}`)];
  });
  return [...parts.map((part) => [part]), ...(parts.length > 1 ? [parts] : [])];
}

const noPolicy = { kind: "PeerAuthentication", namespace: "", name: "" };

function newPeerAuthentication(mesh: Mesh, workload: Workload, port: number, file: string, what: string): Part {
  const value: NewPolicy = {
    apiVersion: "security.istio.io/v1",
    kind: "PeerAuthentication",
    metadata: freeMetadata(`${workload.service}-plaintext`, workload.namespace, mesh.policies.peerAuthentications),
    spec: {
      selector: { matchLabels: { ...workload.labels } },
      portLevelMtls: { [port]: { mode: "PERMISSIVE" } },
    },
  };
  return addPart(file, value, what, true);
}

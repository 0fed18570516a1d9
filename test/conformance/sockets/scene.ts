import type { HandshakeEvent } from "../../../runtime/model/event.ts";
import { spiffeId } from "../../../runtime/model/identity.ts";
import type { Mesh, Workload } from "../../../runtime/model/mesh.ts";
import type { Case, CaseRequest, ExpectedRequest } from "../case.ts";
import { authorizer } from "../ext-authz.ts";
import { callOf, lookUp } from "../request.ts";
import type { Certificates } from "./certificates.ts";
import type { ClientConnection } from "./client.ts";
import type { EchoApps, EchoPort } from "./echo-app.ts";
import type { Certified, MeshWorld } from "./mesh-world.ts";

/** What all cases share. */
export interface Stage {
  readonly compareSeconds: boolean;
  readonly world: MeshWorld;
  readonly apps: EchoApps;
  readonly certificates: Certificates;
  /** Every handshake so far: requests travel on connections that earlier ones, even of other cases, opened. */
  readonly handshakes: Map<string, HandshakeEvent>;
}

export interface Scene extends Stage {
  readonly spec: Case;
  readonly mesh: Mesh;
  readonly ready: ReadonlySet<string>;
  /** Requests that the recorder could not tell from their neighbours. */
  readonly strays: readonly ExpectedRequest[];
  /** Connections that several requests use. */
  readonly shared: Map<string, ClientConnection>;
}

/** Whether a machine answers at an address outside of the mesh is not ours to say, and no test calls strangers. */
export function strangersAddress(mesh: Mesh, spec: Case, request: CaseRequest): string | undefined {
  const { address } = dialledBy(mesh, spec, request);
  if (address === undefined || address.startsWith("127.")) return undefined;
  const known = [...mesh.workloads, ...mesh.services].some((each) => each.address === address);
  return known ? undefined : "an address outside of the mesh";
}

/** What a request's caller dials. */
function dialledBy(
  mesh: Mesh,
  spec: Case,
  request: CaseRequest,
): { readonly address: string | undefined; readonly port: number } {
  const { host, port } = callOf(request, spec.id);
  const from = mesh.workloads.find((each) => each.name === request.from || each.id === request.from);
  return { address: from === undefined ? undefined : lookUp(mesh, spec, from, host), port };
}

export function idOf(workload: { readonly name: string; readonly namespace?: string }): string {
  return `${workload.name}.${workload.namespace ?? "default"}`;
}

/** A pod's sidecar guards every port that somebody dials at its address; ours must be told which. */
export function withDialledPorts(mesh: Mesh, spec: Case): Mesh {
  const dialled = spec.requests.map((request) => dialledBy(mesh, spec, request));
  const workloads = mesh.workloads.map((workload) => {
    if (!workload.sidecar) return workload;
    const asked = dialled.filter(({ address }) => address === workload.address).map(({ port }) => port);
    const ports = new Set([...workload.ports.map(({ port }) => port), ...asked]);
    return { ...workload, ports: [...ports].map((port) => ({ name: "", port })) };
  });
  return { ...mesh, workloads };
}

export function certifiedOf(mesh: Mesh, spec: Case): ReadonlyMap<string, Certified> {
  const certified = new Map<string, Certified>();
  for (const workload of spec.workloads) {
    const { cert } = workload;
    const known = mesh.workloads.find(({ id }) => id === idOf(workload));
    if (cert === undefined || known === undefined) continue;
    certified.set(
      known.id,
      cert === "rogue" ? { ca: "rogue", name: identityOf(mesh, known) } : { ca: "mesh", name: cert },
    );
  }
  return certified;
}

function isAuthorizer({ name, namespace }: Workload): boolean {
  return name === authorizer.name && namespace === authorizer.namespace;
}

export function identityOf(mesh: Mesh, { trustDomain, namespace, serviceAccount }: Workload): string {
  return spiffeId({ trustDomain: trustDomain ?? mesh.config.trustDomain, namespace, serviceAccount });
}

export function echoPorts(world: MeshWorld, mesh: Mesh, spec: Case): readonly EchoPort[] {
  const modes = new Map(
    spec.workloads.flatMap((workload) =>
      (workload.ports ?? []).map(({ port, mode }) => [`${idOf(workload)}:${port}`, mode ?? ""] as const),
    ),
  );
  return mesh.workloads.flatMap((workload) =>
    workload.ports.flatMap(({ port }): readonly EchoPort[] => {
      const mode = isAuthorizer(workload) ? "ext-authz" : (modes.get(`${workload.id}:${port}`) ?? "");
      const own = { path: world.paths.app(workload.id, port) };
      const open = world.socketAddress(workload.address, port);
      // In a pod a program calls itself past everything: here by the socket that stands for it without pods.
      const places = workload.sidecar ? (world.hasPods ? [own, open] : [own]) : [open];
      return mode === "closed"
        ? []
        : places.flatMap((at) => (at === undefined ? [] : [{ workload: workload.name, port, mode, at }]));
    }),
  );
}

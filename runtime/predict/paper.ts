import type { Clock } from "../core/clock.ts";
import { compile } from "../compile/compile.ts";
import { bindWorkloadsOf } from "../compile/service-index.ts";
import { spiffeId } from "../model/identity.ts";
import type { Mesh, Workload, World } from "../model/mesh.ts";
import type { ProxyId, ProxySnapshot } from "../model/snapshot.ts";
import type { CertificateClaim } from "./payload.ts";
import { bindProxy, type PaperProxy, type PaperWorld, type Programs } from "./world.ts";

/** The certificate that the mesh's CA gives a workload. */
export function meshCertificate(mesh: Mesh, workload: Workload): CertificateClaim {
  const { namespace, serviceAccount } = workload;
  const trustDomain = workload.trustDomain ?? mesh.config.trustDomain;
  return {
    uriSans: [spiffeId({ trustDomain, namespace, serviceAccount })],
    dnsSans: [],
    subject: "",
    issuer: "mesh",
    expired: false,
    hash: "<sha256>",
  };
}

/** Compiles a mesh and binds it for predictions: every sidecar has its certificate, every program answers by `programs`. */
export function createPaperWorld(
  mesh: Mesh,
  world: World,
  programs: Programs,
  clock: Pick<Clock, "now">,
  previous?: ReadonlyMap<ProxyId, ProxySnapshot>,
): PaperWorld {
  return bindPaperWorld(mesh, world, compile(mesh, world, previous), programs, clock);
}

/** The same for a mesh that was compiled already. */
export function bindPaperWorld(
  mesh: Mesh,
  world: World,
  snapshots: ReadonlyMap<ProxyId, ProxySnapshot>,
  programs: Programs,
  clock: Pick<Clock, "now">,
): PaperWorld {
  const proxies = new Map<string, PaperProxy>();
  const byAddress = new Map(mesh.workloads.map((workload) => [workload.address, workload]));
  const byVip = new Map(mesh.services.map((service) => [service.address, service]));
  const workloadsOf = bindWorkloadsOf(mesh);
  return {
    mesh,
    programs,
    proxy: (workload) => {
      const known = proxies.get(workload.id);
      const snapshot = snapshots.get(workload.id);
      if (known !== undefined || snapshot === undefined) return known;
      const bound = bindProxy(workload, snapshot, clock);
      proxies.set(workload.id, bound);
      return bound;
    },
    workloadAt: (address) => byAddress.get(address),
    behindVip: (address, port) => {
      const service = byVip.get(address);
      const found = service?.ports.find((each) => each.port === port);
      if (service === undefined || found === undefined) return undefined;
      const workload = workloadsOf(service).find((each) => world.ready.has(each.id));
      return workload === undefined ? undefined : { workload, port: found.target };
    },
    certificate: (workload) => meshCertificate(mesh, workload),
    issuerOf: (file) => file ?? "system",
    certificateOf: () => undefined,
    draw: () => 0,
    turn: () => 0,
    requestId: "<uuid>",
    askProviders: undefined,
    busy: undefined,
  };
}

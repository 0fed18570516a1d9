import { bindInbound } from "../compile/inbound.ts";
import type { PeerFacts, RequestFacts } from "../model/decision.ts";
import { spiffeId } from "../model/identity.ts";
import type { Mesh, Workload } from "../model/mesh.ts";
import type { InboundSection } from "../model/snapshot.ts";
import { pathOf } from "../policy/clause.ts";
import { bindPolicies } from "../policy/decide.ts";

/** Requests near the one that was refused: alike but for caller, method, path, port or what it carries. */
interface Probe {
  readonly workload: Workload;
  readonly facts: RequestFacts;
}

/** How many of each the probes are made of; what is asked for comes first. */
const most = { workloads: 4, identities: 4, paths: 3 };

/** What of the probes a mesh lets pass, a character each: how widely an edit opens can be compared by it before it is told exactly. */
export function bindBreadth(mesh: Mesh, workload: Workload, asked: RequestFacts | undefined): (mesh: Mesh) => string {
  const probes = probesOf(mesh, workload, asked);
  return (changed) => {
    const inboundOf = bindInbound(changed);
    const decide = new Map<Workload, (facts: RequestFacts) => boolean>();
    return probes
      .map(({ workload: at, facts }) => {
        const bound = decide.get(at) ?? bindDecision(inboundOf(at));
        decide.set(at, bound);
        return bound(facts) ? "1" : "0";
      })
      .join("");
  };
}

/** How many ports of the mesh take plaintext. */
export function plaintextPorts(mesh: Mesh): number {
  const inboundOf = bindInbound(mesh);
  return mesh.workloads
    .filter(({ sidecar }) => sidecar)
    .flatMap((workload) => {
      const { listeners, passthrough } = inboundOf(workload);
      return [...listeners, passthrough].filter(({ mode }) => mode !== "STRICT");
    }).length;
}

function bindDecision({ http, tcp, listeners, passthrough }: InboundSection): (facts: RequestFacts) => boolean {
  const layers = { http: bindPolicies(http), tcp: bindPolicies(tcp) };
  return (facts) => {
    const { mode } = listeners.find(({ port }) => port === facts.destinationPort) ?? passthrough;
    if (mode === "STRICT" && facts.peer === undefined) return false;
    const seen = mode === "DISABLE" ? { ...facts, peer: undefined } : facts;
    return layers[facts.layer](seen).verdict === "allow";
  };
}

function probesOf(mesh: Mesh, target: Workload, asked: RequestFacts | undefined): readonly Probe[] {
  const base = asked ?? nothingAsked(target);
  const identities = mesh.workloads
    .filter(({ sidecar }) => sidecar)
    .map(({ trustDomain = mesh.config.trustDomain, namespace, serviceAccount }) =>
      spiffeId({ trustDomain, namespace, serviceAccount }),
    );
  const stranger = spiffeId({ trustDomain: mesh.config.trustDomain, namespace: "elsewhere", serviceAccount: "anyone" });
  const peers: readonly (PeerFacts | undefined)[] = [
    base.peer,
    ...[...new Set([...identities.slice(0, most.identities), stranger])].map(peerOf),
    undefined,
  ];
  const paths = [base.path(), ...pathsOf(mesh).slice(0, most.paths), "/somewhere/else"];
  const methods = [...new Set([base.method(), "GET", "X-OTHER"])];
  const workloads = [target, ...mesh.workloads.filter((each) => each.sidecar && each !== target)];
  return workloads.slice(0, most.workloads).flatMap((workload) => {
    const ports = new Set([base.destinationPort, ...workload.ports.slice(0, 2).map(({ port }) => port), 65_000]);
    return [...ports].flatMap((destinationPort) =>
      peers.flatMap((peer) =>
        paths.flatMap((path) =>
          methods.flatMap((method): readonly Probe[] => {
            const { claims: _claims, ...rest } = base;
            const here = { peer, destinationIp: workload.address, destinationPort };
            const there = { method: () => method, path: () => path };
            const carried: RequestFacts = { ...base, ...here, ...there };
            const bare: RequestFacts = { ...rest, ...here, ...there, sourceIp: "198.51.100.77", header: () => [] };
            return [
              { workload, facts: carried },
              { workload, facts: bare },
            ];
          }),
        ),
      ),
    );
  });
}

function peerOf(identity: string): PeerFacts {
  return { uriSans: [identity], dnsSans: [], subject: "" };
}

function nothingAsked({ address, ports }: Workload): RequestFacts {
  return {
    layer: "http",
    peer: undefined,
    sourceIp: "192.0.2.1",
    destinationIp: address,
    destinationPort: ports[0]?.port ?? 80,
    sni: undefined,
    method: () => "GET",
    authority: () => "",
    path: () => "/",
    header: () => [],
  };
}

/** Texts like those that policies name as paths. */
function pathsOf(mesh: Mesh): readonly string[] {
  const values = mesh.policies.authorizationPolicies.flatMap(({ spec }) =>
    (spec.rules ?? []).flatMap((rule) =>
      (rule?.to ?? []).flatMap(({ operation }) => [...(operation.paths ?? []), ...(operation.notPaths ?? [])]),
    ),
  );
  const texts = values.map((value) => pathOf(value.replaceAll(/\{\*\*?\}/g, "x").replaceAll("*", "x")));
  return [...new Set(texts.map((text) => (text.startsWith("/") ? text : `/${text}`)))];
}

import { assertNever } from "../../../runtime/core/assert-never.ts";
import type { Workload } from "../../../runtime/model/mesh.ts";
import { isSelected } from "../../../runtime/policy/selector.ts";
import type { CertificateClaim, Payload } from "../../../runtime/predict/payload.ts";
import type { CaseRequest } from "../case.ts";
import type { KeyPair } from "./certificates.ts";
import { type Asked, type ClientTls, type Dial, openClient, type Seen } from "./client.ts";
import type { Patience } from "./read-answer.ts";
import { identityOf, type Scene } from "./scene.ts";

export async function send(
  scene: Scene,
  request: CaseRequest,
  from: Workload,
  target: { readonly address: string; readonly port: number },
  payload: Payload,
): Promise<Seen> {
  const patience = patienceOf(request);
  const name = request.conn;
  const kept = name === undefined ? undefined : scene.shared.get(name);
  const bytes = askedOf(request, payload);
  if (kept !== undefined) return kept.ask(bytes, patience);
  const dial = dialOf(scene, from, target);
  if (dial === undefined) return { answer: { kind: "refused" }, received: undefined, alert: undefined };
  const tls = payload.kind === "tls" ? await clientTls(scene, from, request, payload) : undefined;
  const opened = await openClient({ dial, tls, patience });
  if ("answer" in opened) return opened;
  const seen = await opened.ask(bytes, patience);
  if (name === undefined) opened.close();
  else scene.shared.set(name, opened);
  return seen;
}

let sourcePort = 20_000;

function dialOf(
  scene: Scene,
  from: Workload,
  target: { readonly address: string; readonly port: number },
): Dial | undefined {
  const { world } = scene;
  // A hook leaves a program's calls to itself alone, as a pod's rules do.
  const self = from.address === target.address || target.address.startsWith("127.");
  if (self && from.sidecar) return { kind: "app", path: world.paths.app(from.id, target.port) };
  if (world.hasPods && from.sidecar)
    return { kind: "direct", host: target.address, port: target.port, localAddress: from.address };
  if (from.sidecar) {
    sourcePort = sourcePort >= 60_000 ? 20_000 : sourcePort + 1;
    return {
      kind: "sidecar",
      path: world.paths.outbound(from.id),
      source: { address: from.address, port: sourcePort },
      destination: target,
    };
  }
  const pod = behindVip(scene, target);
  const at = pod === undefined ? undefined : world.socketAddress(pod.address, pod.port);
  const local = world.socketAddress(from.address, 0);
  return at === undefined || local === undefined ? undefined : { kind: "direct", ...at, localAddress: local.host };
}

/** Without a sidecar a VIP leads to a ready pod, as kube-proxy arranges it. */
function behindVip(
  { mesh, ready }: Scene,
  target: { readonly address: string; readonly port: number },
): { readonly address: string; readonly port: number } | undefined {
  const service = mesh.services.find((each) => each.address === target.address);
  if (service === undefined) return target;
  const port = service.ports.find((each) => each.port === target.port);
  const pod = mesh.workloads.find(
    (each) => each.namespace === service.namespace && ready.has(each.id) && isSelected(service.selector, each.labels),
  );
  return port === undefined || pod === undefined ? undefined : { address: pod.address, port: port.target };
}

async function clientTls(
  scene: Scene,
  from: Workload,
  request: CaseRequest,
  payload: Extract<Payload, { kind: "tls" }>,
): Promise<ClientTls> {
  const { certificate } = payload.offer;
  return { offer: payload.offer, certificate: certificate === undefined ? undefined : await keyPair(certificate) };

  function keyPair(claim: CertificateClaim): Promise<KeyPair> {
    const [name = ""] = [...claim.uriSans, ...claim.dnsSans];
    const ca = claim.issuer === "rogue" || request.tls?.cert === "rogue" ? "rogue" : "mesh";
    const known = name === "workload" || name === "rogue" ? identityOf(scene.mesh, from) : name;
    return scene.certificates.issue(ca, known, claim.expired);
  }
}

function askedOf(request: CaseRequest, payload: Payload): Asked {
  switch (payload.kind) {
    case "bytes": {
      const sends = request.tcp?.sends?.map((text) => Buffer.from(text, "utf8"));
      return { kind: "bytes", sends: sends ?? [payload.bytes] };
    }
    case "tls":
      return askedOf(request, payload.inner);
    case "h2":
      return payload;
    default:
      return assertNever(payload);
  }
}

/** Recorded clients gave up a silent connection after 1.5 s of TCP and 5 s of HTTP. */
function patienceOf(request: CaseRequest): Patience {
  const method = request.method ?? "GET";
  if (request.tcp !== undefined) return { until: "line", method, firstByteMs: request.timeoutMs ?? 1500, quietMs: 0 };
  if (request.raw !== undefined) return { until: "quiet", method, firstByteMs: request.timeoutMs ?? 5000, quietMs: 60 };
  return { until: "http", method, firstByteMs: request.timeoutMs ?? 5000, quietMs: 0 };
}

import { compile } from "../compile/compile.ts";
import { bindPeerAuthentication } from "../compile/peer-authentication.ts";
import type { Clock } from "../core/clock.ts";
import type { DecisionRecord, RequestFacts } from "../model/decision.ts";
import type { Mesh, Workload } from "../model/mesh.ts";
import type { Provenance } from "../model/resource.ts";
import { namedPorts, portMode, workloadMode } from "../policy/mtls-mode.ts";
import { bindPrediction, type PredictedCall, type Prediction, type Supposed } from "../predict/call.ts";

/** A call as the policies of a workload saw it. */
export interface AskedCall {
  readonly proxy: string;
  readonly facts: RequestFacts;
}

/** Fields that make the caller's own sidecar send plaintext; undefined: it has none, or came by TLS. */
export type SentPlain = () => readonly Provenance[] | undefined;

/** What becomes of a call, as far as policies have to do with it. */
export type Reply = {
  /** One line: `403 RBAC: access denied`. */
  readonly summary: string;
} &
  /** `asked`: what the policies of its server saw; undefined: it never came to any. */
  (
    | { readonly kind: "allowed"; readonly asked: AskedCall | undefined }
    /** DENY and ALLOW policies of a workload refused it. */
    | {
        readonly kind: "policy";
        readonly workload: Workload;
        readonly facts: RequestFacts;
        readonly decision: DecisionRecord;
        readonly sentPlain: SentPlain;
      }
    /** Its token was refused, or an external authorizer did, or could not be asked. */
    | { readonly kind: "token" | "authorizer"; readonly workload: Workload; readonly decision: DecisionRecord }
    /** A port takes no such connection: plaintext under STRICT. */
    | {
        readonly kind: "no-chain";
        readonly workload: Workload;
        readonly port: number;
        readonly because: readonly Provenance[];
        readonly sentPlain: SentPlain;
      }
    /** It never came to a policy: routes, TLS of the client's side, a port where nobody listens. */
    | { readonly kind: "elsewhere" }
  );

/** Asks under one set of policies after the other. */
export type Ask = (mesh: Mesh) => Reply;

/** A call that nobody makes. @throws MeshError MD8005 for a name that the mesh does not have */
export function askCall(call: PredictedCall, clock: Pick<Clock, "now">, supposed?: Supposed): Ask {
  return (mesh) => replyOf(mesh, bindPrediction(mesh, clock, supposed)(call));
}

export function replyOf(mesh: Mesh, { verdict, summary, decision, details }: Prediction): Reply {
  const last = details.judged.at(-1);
  if (verdict !== "deny") return { kind: "allowed", summary, asked: last };
  const refused = details.proxies.find(({ refusedAt }) => refusedAt !== undefined);
  const workload = mesh.workloads.find(({ id }) => id === (refused ?? last)?.proxy);
  if (workload === undefined) return { kind: "elsewhere", summary };
  if (refused?.refusedAt !== undefined) {
    const port = refused.refusedAt;
    // Where plaintext is taken, it was TLS that is not the mesh's.
    const isStrict = portMode(bindPeerAuthentication(mesh)(workload), port).mode === "STRICT";
    return isStrict
      ? { kind: "no-chain", summary, workload, port, because: details.because, sentPlain: bindCause(mesh, details) }
      : { kind: "elsewhere", summary };
  }
  if (last === undefined || decision === null || decision.verdict === "allow") return { kind: "elsewhere", summary };
  if (decision.reason === "jwt") return { kind: "token", summary, workload, decision };
  const isCustom = decision.reason.startsWith("ext-authz") || decision.by?.action === "CUSTOM";
  if (isCustom) return { kind: "authorizer", summary, workload, decision };
  const { facts } = last;
  const sentPlain = facts.peer === undefined ? bindCause(mesh, details) : () => undefined;
  return { kind: "policy", summary, workload, facts, decision, sentPlain };
}

/** What a DestinationRule says, and the server's mode, which a sidecar goes by where none says anything. */
function bindCause(mesh: Mesh, { proxies }: Prediction["details"]): SentPlain {
  return () => {
    const client = proxies.find(({ side }) => side === "outbound");
    const server = mesh.workloads.find(({ id }) => id === proxies.find(({ side }) => side === "inbound")?.proxy);
    if (client?.cluster === undefined || server === undefined) return undefined;
    const snapshots = compile(mesh, { ready: new Set(mesh.workloads.map(({ id }) => id)) });
    const cluster = snapshots.get(client.proxy)?.outbound.clusters[client.cluster];
    const levels = bindPeerAuthentication(mesh)(server);
    const modes = [workloadMode(levels), ...namedPorts(levels).map((port) => portMode(levels, port))];
    const off = modes.flatMap(({ mode, because }) => (mode === "DISABLE" ? because : []));
    const fields = [...(cluster?.because ?? []), ...off];
    return [...new Map(fields.map((each) => [`${each.resource} ${each.field}`, each])).values()];
  };
}

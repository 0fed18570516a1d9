import { bindPeerAuthentication } from "../compile/peer-authentication.ts";
import type { Clock } from "../core/clock.ts";
import type { DecisionRecord, RequestFacts } from "../model/decision.ts";
import type { Mesh, Workload } from "../model/mesh.ts";
import type { Provenance } from "../model/resource.ts";
import { portMode } from "../policy/mtls-mode.ts";
import { bindPrediction, type PredictedCall, type Prediction, type Supposed } from "../predict/call.ts";

/** A call as the policies of a workload saw it. */
export interface AskedCall {
  readonly proxy: string;
  readonly facts: RequestFacts;
}

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
      }
    /** Its token was refused, or an external authorizer did, or could not be asked. */
    | { readonly kind: "token" | "authorizer"; readonly workload: Workload; readonly decision: DecisionRecord }
    /** A port takes no such connection: plaintext under STRICT. */
    | {
        readonly kind: "no-chain";
        readonly workload: Workload;
        readonly port: number;
        readonly because: readonly Provenance[];
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
      ? { kind: "no-chain", summary, workload, port, because: details.because }
      : { kind: "elsewhere", summary };
  }
  if (last === undefined || decision === null || decision.verdict === "allow") return { kind: "elsewhere", summary };
  if (decision.reason === "jwt") return { kind: "token", summary, workload, decision };
  const isCustom = decision.reason.startsWith("ext-authz") || decision.by?.action === "CUSTOM";
  if (isCustom) return { kind: "authorizer", summary, workload, decision };
  return { kind: "policy", summary, workload, facts: last.facts, decision };
}

import { bindWorkloadsOf } from "../compile/service-index.ts";
import type { DecisionRecord } from "../model/decision.ts";
import type { ConnectionEvent, ExchangeEvent, HandshakeEvent, Party } from "../model/event.ts";
import { ownerOf } from "../model/lease.ts";
import type { Mesh } from "../model/mesh.ts";
import type { PredictedCall } from "../predict/call.ts";

/** A call that was seen, so that it can be asked about again. */
export interface SeenCall {
  readonly call: PredictedCall;
  /** Of its verified token, as far as the decision told; undefined: it had none. */
  readonly claims: Readonly<Record<string, unknown>> | undefined;
}

/** Events of calls that something of the mesh may have refused. */
export type SeenEvent = ExchangeEvent | ConnectionEvent | HandshakeEvent;

/**
 * Rebuilds a call from what its event tells: of headers and claims only those that the nearest rules asked for, as nothing else of them
 * is kept in the open. Undefined: who it was for is not there any more.
 */
export function callOfEvent(mesh: Mesh, event: SeenEvent): SeenCall | undefined {
  const to = mesh.workloads.find(({ id }) => id === event.to.workload);
  const port = portOf(event.to);
  if (to === undefined || port === undefined) return undefined;
  const workloadsOf = bindWorkloadsOf(mesh);
  const service = mesh.services.find(
    (each) =>
      each.ports.some(({ target }) => target === port) && workloadsOf(each).some((workload) => workload.id === to.id),
  );
  const common = {
    from: ownerOf(event.from.workload ?? "outside"),
    to: service === undefined ? to.id : service.hostname,
    port: service === undefined ? port : service.ports.find(({ target }) => target === port)?.port,
  };
  if ("failure" in event) {
    // Where plaintext was refused, it was not seen what would have come.
    const tls = event.failure?.step === "plaintext" ? ({ tls: "plaintext" } as const) : {};
    return { call: { ...common, ...tls, method: "GET", path: "/", headers: [] }, claims: undefined };
  }
  if (event.type === "connection.closed")
    return { call: { ...common, method: "GET", path: "/", headers: [], tcp: "hello, world\n" }, claims: undefined };
  const { method, authority, path, originalPath, headers, decision } = event;
  const known = new Map([...Object.entries(headers ?? {}), ...toldHeaders(decision), ["host", authority] as const]);
  return {
    call: { ...common, method, path: originalPath ?? path, headers: [...known] },
    claims: claimsOf(decision),
  };
}

function portOf({ address }: Party): number | undefined {
  const port = /:(\d+)$/.exec(address)?.[1];
  return port === undefined ? undefined : Number(port);
}

function toldHeaders(decision: DecisionRecord | null): readonly (readonly [string, string])[] {
  return told(decision).flatMap(([field, actual]) => {
    const name = /^when request\.headers\[([^:\]][^\]]*)\]$/.exec(field)?.[1];
    return name === undefined ? [] : [[name.toLowerCase(), actual] as const];
  });
}

function claimsOf(decision: DecisionRecord | null): SeenCall["claims"] {
  const token = decision?.token;
  if (token?.verified !== true) return undefined;
  const { issuer, subject, audiences } = token;
  let claims: Readonly<Record<string, unknown>> = {};
  for (const [field, actual] of told(decision)) {
    const brackets = /^when request\.auth\.claims\[(.*)\]$/.exec(field)?.[1];
    if (brackets !== undefined) claims = withClaim(claims, brackets.split("]["), actual.split(", "));
  }
  return {
    ...claims,
    ...(issuer === null ? {} : { iss: issuer }),
    ...(subject === null ? {} : { sub: subject }),
    ...(audiences.length === 0 ? {} : { aud: audiences }),
  };
}

function withClaim(
  claims: Readonly<Record<string, unknown>>,
  [name = "", ...rest]: readonly string[],
  values: readonly string[],
): Readonly<Record<string, unknown>> {
  const inner = claims[name];
  const below = typeof inner === "object" && inner !== null && !Array.isArray(inner) ? { ...inner } : {};
  return { ...claims, [name]: rest.length === 0 ? values : withClaim(below, rest, values) };
}

/** Fields with what the call had for them. */
function told(decision: DecisionRecord | null): readonly (readonly [field: string, actual: string])[] {
  return (decision?.tried ?? []).flatMap(({ clauses, missed }) =>
    [...(clauses ?? []), ...(missed === null ? [] : [missed])].flatMap(({ field, actual }) =>
      actual === null ? [] : [[field, actual] as const],
    ),
  );
}

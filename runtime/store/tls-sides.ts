import { formatPosition } from "../core/source.ts";
import type { MeshEvent } from "../model/event.ts";
import type { Provenance } from "../model/resource.ts";
import type { Cluster, ProxySnapshot } from "../model/snapshot.ts";
import type { Cause } from "./cause.ts";

/** What the sidecars of both sides of a call are told to do about TLS. */
export interface TlsSides {
  readonly client: { readonly sends: "plaintext" | "mesh" | "other"; readonly because: readonly Provenance[] };
  readonly server: { readonly takes: "DISABLE" | "PERMISSIVE" | "STRICT"; readonly because: readonly Provenance[] };
}

/** The workloads whose settings explain an event below policy; undefined: it is none, or one of them is not of the mesh. */
export function endsOf(
  event: MeshEvent,
): { readonly from: string; readonly to: string; readonly endpoint: string } | undefined {
  if (!("from" in event)) return undefined;
  const isBelow = "decision" in event ? event.decision === null && event.flags !== "-" : event.failure !== null;
  const { workload: from } = event.from;
  const { workload: to, address } = event.to;
  return isBelow && from !== null && to !== null ? { from, to, endpoint: address } : undefined;
}

/** @param endpoint model address and port of the server's workload. Undefined: the caller's sidecar knows no such endpoint. */
export function tlsSides(client: ProxySnapshot, server: ProxySnapshot, endpoint: string): TlsSides | undefined {
  const at = endpoint.lastIndexOf(":");
  const port = Number(endpoint.slice(at + 1));
  const address = endpoint.slice(0, at);
  for (const cluster of Object.values(client.outbound.clusters)) {
    const found = cluster.endpoints.find((each) => each.address === address && each.port === port);
    if (found === undefined) continue;
    const { mode, because } = server.inbound.listeners.find((each) => each.port === port) ?? server.inbound.passthrough;
    return {
      client: { sends: sentBy(cluster, found.mtls), because: cluster.because },
      server: { takes: mode, because },
    };
  }
  return undefined;
}

function sentBy({ tls: { mode } }: Cluster, mtls: boolean): TlsSides["client"]["sends"] {
  if (mode === "none" || (mode === "auto" && !mtls)) return "plaintext";
  return mode === "auto" || mode === "istio" ? "mesh" : "other";
}

/** Two settings that cannot work together, and where they stand; undefined: they can. */
export function clashOf({ client, server }: TlsSides): Pick<Cause, "text" | "at" | "what"> | undefined {
  const takes = server.takes === "DISABLE" ? "plaintext" : "mesh";
  const fits = client.sends === takes || (client.sends === "plaintext" && server.takes === "PERMISSIVE");
  if (fits) return undefined;
  const first = client.because[0] ?? server.because[0];
  return {
    text: `the caller's sidecar sends ${sent[client.sends]}${places(client.because)}, the server's is ${server.takes}${places(server.because)}`,
    at: first === undefined ? null : { file: first.file, line: first.line, column: first.column },
    what: first === undefined ? null : `${first.resource} ${first.field}`,
  };
}

const sent = { plaintext: "plaintext", mesh: "the mesh's mTLS", other: "TLS that is not the mesh's" } as const;

function places([first]: readonly Provenance[]): string {
  return first === undefined ? "" : ` (${first.resource} at ${formatPosition(first)})`;
}

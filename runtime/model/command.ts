/** The only way back into a running mesh: `POST /v1/commands`. Imperative, answered once. */
export type MeshCommand =
  | { readonly type: "mesh.stop" }
  | { readonly type: "mesh.reload" }
  | { readonly type: "workload.restart"; readonly service: string }
  | { readonly type: "workload.stop"; readonly service: string }
  | { readonly type: "workload.start"; readonly service: string }
  /** How many instances of a service run, whatever the project file says, until the mesh stops. */
  | { readonly type: "workload.scale"; readonly service: string; readonly instances: number }
  | { readonly type: "svid.rotate"; readonly proxy: string }
  /** A new root of the mesh's own CA, and new certificates for everybody; without overlap the old root is forgotten at once. */
  | { readonly type: "ca.rotate"; readonly overlap: boolean }
  /** Leases a caller with the identity of a service; it ends with `lease.release` or with the connection that asked. */
  | { readonly type: "lease.acquire"; readonly service: string }
  | { readonly type: "lease.release"; readonly lease: string }
  /** Sends a request again that was seen, through the same sidecars. */
  | { readonly type: "exchange.replay"; readonly id: string }
  /** A client that owns the mesh: when its connection to `/v1/events` ends, the mesh stops. */
  | { readonly type: "mesh.detach" };

export type CommandAnswer =
  | {
      readonly ok: true;
      readonly env?: Readonly<Record<string, string>>;
      /** What to put before the command so that it runs in a network pod; it says `ready` on file descriptor 3 and waits for `go`. */
      readonly launch?: readonly string[];
      readonly lease?: string;
      readonly replay?: Replay;
    }
  | { readonly ok: false; readonly code: string; readonly message: string; readonly hint?: string };

/** A request that was sent again: the id by which its exchanges are found, and how it was answered. */
export interface Replay {
  readonly requestId: string;
  readonly status: number;
}

import type { Socket } from "node:net";
import type { AddressMap } from "../../model/dataplane.ts";
import type { ProxyEndpoint } from "../../wire/proxy-v2.ts";
import { callerAlias, isWorkloadAddress, toSocketAddress } from "../address.ts";
import type { Shared } from "../context.ts";
import { dial } from "../dial-app.ts";
import { ignore } from "../server-handshake.ts";
import { splice } from "../splice.ts";

/** Where services and pods are for pods without a sidecar: `10.96.0.1:80` → sockets of inbound sidecars. */
export type OutsiderEndpoints = Readonly<Record<string, readonly { readonly host: string; readonly port: number }[]>>;

const connectTimeoutMs = 10_000;

/** A pod without a sidecar calls: its bytes go on as they are, to where kube-proxy would send them. */
export function relayFromOutsider(
  shared: Shared,
  socket: Socket,
  from: string,
  destination: ProxyEndpoint,
  endpoints: OutsiderEndpoints,
): void {
  const map = shared.addresses();
  const known = endpoints[`${destination.address}:${destination.port}`];
  const at =
    known === undefined
      ? toSocketAddress(map, destination.address, destination.port)
      : known[Math.floor(shared.draw() * known.length)];
  const missing = isWorkloadAddress(destination.address) && shared.nameOf(destination.address) === undefined;
  if (at === undefined || missing) refuse(socket);
  else pass(shared, socket, at, callerAlias(map, from));
}

function pass(
  shared: Shared,
  socket: Socket,
  to: { readonly host: string; readonly port: number },
  aliasOfCaller: string | undefined,
): void {
  socket.on("error", ignore);
  const local = isSidecar(shared.addresses(), to.host) ? aliasOfCaller : undefined;
  const cancel = dial({ shared }, { kind: "tcp", ...to }, connectTimeoutMs, local, (result) => {
    if (!result.ok) refuse(socket);
    else if (socket.destroyed) result.socket.destroy();
    else splice(socket, result.socket, { onEnd: ignore });
  });
  socket.once("close", cancel);
}

function isSidecar(map: AddressMap, host: string): boolean {
  return map.kind !== "table" && host.startsWith(`127.${map.second}.`);
}

/** As if nobody listened. */
export function refuse(socket: Socket): void {
  socket.on("error", ignore);
  socket.resetAndDestroy();
}

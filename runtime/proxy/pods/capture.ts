import type { Socket } from "node:net";
import type { AddressMap } from "../../model/dataplane.ts";
import type { ProxyEndpoint } from "../../wire/proxy-v2.ts";
import { toModelAddress } from "../address.ts";

/** What the transparent listener took, by who sent it and where to. */
export type Captured =
  /** A pod's program calls somebody. */
  | { readonly kind: "outbound"; readonly pod: string; readonly destination: ProxyEndpoint }
  /** A sidecar calls the port of a pod. */
  | { readonly kind: "inbound"; readonly pod: string; readonly port: number }
  /** Somebody dialled the listener itself, or comes from nowhere that we know. */
  | { readonly kind: "stray" };

export type CapturedEnds = Pick<Socket, "localAddress" | "localPort" | "remoteAddress" | "remotePort">;

/**
 * Reads who calls whom from a connection's two ends: the listener is transparent, so that its own end is the original destination.
 * @param gateway address of the mesh namespace itself
 */
export function readCapture(map: AddressMap, gateway: string, ends: CapturedEnds): Captured {
  const { localAddress, localPort, remoteAddress } = ends;
  if (map.kind !== "pods" || localAddress === undefined || localPort === undefined || remoteAddress === undefined)
    return { kind: "stray" };
  const to = toModelAddress(map, localAddress);
  // An alias stands for a pod, as only a sidecar can call it.
  if (to !== localAddress) return { kind: "inbound", pod: to, port: localPort };
  if (localAddress === gateway || localAddress.startsWith("127.") || remoteAddress.startsWith("127."))
    return { kind: "stray" };
  return { kind: "outbound", pod: remoteAddress, destination: { address: localAddress, port: localPort } };
}

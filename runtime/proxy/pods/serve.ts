import { createServer } from "node:net";
import type { DataPlane } from "../data-plane.ts";
import { serveNames } from "./name-server.ts";
import type { Outside } from "./outside.ts";

/** File descriptors that a data plane in a mesh namespace is started with. */
export interface PodDescriptors {
  readonly capture: number;
  readonly udp: number;
  readonly tcp: number;
}

/** Accepts what the namespace's listeners take. They stay open in another process, so that nobody is refused while this one is replaced. */
export function servePods(descriptors: PodDescriptors, plane: DataPlane, outside: Outside): void {
  const server = createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true }, plane.capture);
  server.on("error", (error) => {
    throw error;
  });
  server.listen({ fd: descriptors.capture });
  serveNames(descriptors, plane.zone, outside.addresses);
}

import type { FromDataPlane } from "../model/dataplane.ts";

const types: ReadonlySet<unknown> = new Set<FromDataPlane["type"]>([
  "hello",
  "csr",
  "ack",
  "nack",
  "ready",
  "events",
  "replayed",
  "resent",
  "recalled",
  "counts",
  "pong",
]);

/** One line of the data plane. Its fields are trusted: the other end is our own process on a private pipe. */
export function parseDataPlaneMessage(line: string): FromDataPlane | undefined {
  const value: unknown = JSON.parse(line);
  return isMessage(value) ? value : undefined;
}

function isMessage(value: unknown): value is FromDataPlane {
  return typeof value === "object" && value !== null && "type" in value && types.has(value.type);
}

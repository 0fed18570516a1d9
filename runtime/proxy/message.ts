import type { ToDataPlane } from "../model/dataplane.ts";

/** Fields that each message must have. Snapshots come from our own compiler, by the same version of the program: their inside is not looked at again. */
const shapes: Readonly<
  Record<ToDataPlane["type"], Readonly<Record<string, "string" | "number" | "boolean" | "object" | "array">>>
> = {
  apply: {
    generation: "number",
    snapshots: "array",
    placements: "array",
    removed: "array",
    addresses: "object",
    names: "object",
  },
  zone: { names: "object", aliases: "object", endpoints: "object" },
  svid: { proxy: "string", chain: "string" },
  "svid.refused": { proxy: "string", reason: "string" },
  "svid.renew": { proxy: "string" },
  bundle: { version: "number", roots: "string" },
  observe: { perSecond: "number", headers: "boolean" },
  replay: { token: "number" },
  resend: { token: "number", id: "string" },
  recall: { token: "number", limit: "number" },
  ping: { token: "number" },
};

/** Whether a line from the daemon is a message that this version understands; others are skipped. */
export function isToDataPlane(value: unknown): value is ToDataPlane {
  if (typeof value !== "object" || value === null || !("type" in value)) return false;
  const { type } = value;
  if (typeof type !== "string" || !Object.hasOwn(shapes, type)) return false;
  const fields = new Map<string, unknown>(Object.entries(value));
  return Object.entries(Object.entries(shapes).find(([name]) => name === type)?.[1] ?? {}).every(([name, kind]) => {
    const field = fields.get(name);
    return kind === "array" ? Array.isArray(field) : typeof field === kind && field !== null;
  });
}

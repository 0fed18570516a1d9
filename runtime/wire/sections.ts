import type { ToDataPlane } from "../model/dataplane.ts";
import type { ProxySnapshot } from "../model/snapshot.ts";

type Apply = Extract<ToDataPlane, { readonly type: "apply" }>;
type Section = "trust" | "inbound" | "outbound";

const sections: readonly Section[] = ["trust", "inbound", "outbound"];

/** A snapshot on its way: a section that an earlier snapshot of the message holds too is only named, by its hash. */
type PackedSnapshot = Omit<ProxySnapshot, Section> & { readonly [K in Section]: ProxySnapshot[K] | string };

/** The message with each distinct section once: sidecars of one namespace mostly know the same world. */
export function packSections(
  message: ToDataPlane,
): ToDataPlane | (Omit<Apply, "snapshots"> & { readonly snapshots: readonly PackedSnapshot[] }) {
  if (message.type !== "apply") return message;
  const seen = new Set<string>();
  const once = <K extends Section>(snapshot: ProxySnapshot, section: K): ProxySnapshot[K] | string => {
    const hash = snapshot.hashes[section];
    const key = `${section} ${hash}`;
    if (seen.has(key)) return hash;
    seen.add(key);
    return snapshot[section];
  };
  const snapshots = message.snapshots.map((snapshot): PackedSnapshot => ({
    ...snapshot,
    trust: once(snapshot, "trust"),
    inbound: once(snapshot, "inbound"),
    outbound: once(snapshot, "outbound"),
  }));
  return { ...message, snapshots };
}

/** Puts named sections in their place, the same object for every sidecar. `value` is changed. False: a name that nothing stands for. */
export function unpackSections(value: unknown): boolean {
  const snapshots = isObject(value) && value["type"] === "apply" ? value["snapshots"] : undefined;
  if (!Array.isArray(snapshots)) return true;
  const known = new Map<string, unknown>();
  for (const snapshot of snapshots as readonly unknown[]) {
    if (!isObject(snapshot) || !isObject(snapshot["hashes"])) return false;
    for (const section of sections) {
      const key = `${section} ${String(snapshot["hashes"][section])}`;
      if (typeof snapshot[section] === "string") snapshot[section] = known.get(key);
      else known.set(key, snapshot[section]);
      if (snapshot[section] === undefined) return false;
    }
  }
  return true;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

import type { CodeTable } from "./table.ts";

/** MD2xxx: problems of meaning: references, conflicts, ties, fields that are not enforced. A number is never reused; a retired one stays, marked so. */
export const meaningCodes = {
  MD2001: {
    title: "A field is read but not enforced",
    why: "meshdev accepts the field so that the same file works in a cluster, but does not act on it yet.",
    next: "Do not rely on it here. `meshdev check` lists every such field.",
  },
} as const satisfies CodeTable<`MD2${string}`>;

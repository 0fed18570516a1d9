const units: Readonly<Record<string, number>> = {
  "": 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  Ki: 1024,
  Mi: 1024 ** 2,
  Gi: 1024 ** 3,
  Ti: 1024 ** 4,
};

/** Bytes of a Kubernetes quantity such as `128Mi`; undefined: it is none. */
export function bytesOf(value: unknown): number | undefined {
  if (typeof value === "number") return value;
  const [, amount = "", unit = ""] =
    /^(\d+(?:\.\d+)?)(|[kMGT]i?|Ki)$/.exec(typeof value === "string" ? value : "") ?? [];
  const factor = units[unit];
  return amount === "" || factor === undefined ? undefined : Math.round(Number(amount) * factor);
}

/** Whole CPUs of a quantity such as `250m`; undefined: it is none. */
export function cpusOf(value: unknown): number | undefined {
  if (typeof value === "number") return value;
  const [, amount = "", milli = ""] = /^(\d+(?:\.\d+)?)(m?)$/.exec(typeof value === "string" ? value : "") ?? [];
  if (amount === "") return undefined;
  return milli === "m" ? Number(amount) / 1000 : Number(amount);
}

import { median, round, type Row } from "./row.ts";
import { mainShape, type Shape } from "./shape.ts";
import type { SidecarMemory } from "./sidecar-memory.ts";

/** A ratio that meshdev has promised to keep below a limit. */
export interface Target {
  readonly what: string;
  /** Undefined when one side was not measured. */
  readonly ratio: number | undefined;
  readonly limit: number;
}

function find(
  rows: readonly Row[],
  chain: string,
  shape: Pick<Shape, "protocol" | "connections" | "bodyBytes">,
): Row | undefined {
  return rows.find(
    (row) =>
      row.chain === chain &&
      row.protocol === shape.protocol &&
      row.connections === shape.connections &&
      row.bodyBytes === shape.bodyBytes,
  );
}

/** Median of the ratios round by round: rounds are interleaved, so both sides of each met the same noise. */
export function ratioOf(one: Row | undefined, other: Row | undefined): number | undefined {
  if (one === undefined || other === undefined) return undefined;
  const ratios = one.cpuByRound.flatMap((value, at) => {
    const base = other.cpuByRound[at];
    return base === undefined || base === 0 ? [] : [value / base];
  });
  return ratios.length === 0 ? undefined : round(median(ratios));
}

export function targetsOf(rows: readonly Row[], sidecar: SidecarMemory | undefined): readonly Target[] {
  const meshdev = find(rows, "meshdev", mainShape);
  const at = (chain: string, protocol: Shape["protocol"]): Row | undefined =>
    rows.find((row) => row.chain === chain && row.protocol === protocol);
  const main = (chain: string): Row | undefined => find(rows, chain, mainShape);
  const policies = rows.filter((row) => row.chain.startsWith("meshdev, 1000 policies"));
  return [
    { what: `CPU, ${mainShape.name}: meshdev / Envoy`, ratio: ratioOf(meshdev, main("envoy")), limit: 0.4 },
    { what: `CPU, ${mainShape.name}: meshdev / nginx`, ratio: ratioOf(meshdev, main("nginx")), limit: 1.5 },
    {
      what: "the same with the TUI and a subscriber attached: meshdev / Envoy",
      ratio: ratioOf(main("meshdev, TUI attached"), main("envoy")),
      limit: 0.5,
    },
    {
      what: "CPU, HTTP/2: meshdev / Envoy",
      ratio: ratioOf(at("meshdev", "http/2"), at("envoy", "http/2")),
      limit: 1.3,
    },
    { what: "CPU per GB, TCP: meshdev / Envoy", ratio: ratioOf(at("meshdev", "tcp"), at("envoy", "tcp")), limit: 2 },
    ...policies.map((row) => ({
      what: `CPU, ${row.chain.slice("meshdev, ".length)} / 1 policy`,
      ratio: ratioOf(row, main("meshdev, 1 policy")),
      limit: 1.05,
    })),
    { what: "Pss of each further sidecar, MiB", ratio: sidecar?.dataPlanePssMiB, limit: 1 },
  ];
}

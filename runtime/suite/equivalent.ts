import { classesOf } from "../access/classes.ts";
import { waysOf, type Way } from "../access/diagram.ts";
import { bindOutcome, type ClassOutcome } from "../access/outcome.ts";
import { type Partition, partition, type Surroundings } from "../access/partition.ts";
import { guardedPort, layersOf, surroundingsOf } from "../access/ports.ts";
import type { GuardedPort, SampleRequest } from "../access/sample.ts";
import type { Mesh, Workload } from "../model/mesh.ts";
import type { PolicySet } from "../model/policy.ts";
import type { ProxyId, ProxySnapshot } from "../model/snapshot.ts";
import { outsideAddress } from "../predict/call.ts";
import { meshCertificate } from "../predict/paper.ts";

type Snapshots = ReadonlyMap<ProxyId, ProxySnapshot>;

/**
 * `same`: every request gets the same verdict from both. `no-caller`: those that do not could only come from somebody whom the mesh
 * does not have. `differ`: some request tells them apart, `example` is one if one was found. What cannot be settled counts as different.
 */
export type Comparison =
  | { readonly kind: "same" | "no-caller" }
  | { readonly kind: "differ"; readonly example: Example | undefined };

export interface Example {
  readonly workload: string;
  readonly port: number;
  /** The port as it was. */
  readonly side: GuardedPort;
  readonly request: SampleRequest;
  /** Before and after. */
  readonly verdicts: readonly [string, string];
}

const passthrough = "InboundPassthroughCluster";
const same: Comparison = { kind: "same" };

/** Compares all that two versions of a mesh's sidecars do with requests that arrive. */
export function compareSnapshots(mesh: Mesh, before: Snapshots, after: Snapshots): Comparison {
  let found = same;
  for (const workload of mesh.workloads) {
    const [a, b] = [before.get(workload.id), after.get(workload.id)];
    if (a === undefined || b === undefined || a === b) continue;
    // Callers that leave in another way may be told apart by more than policies.
    if (a.hashes.outbound !== b.hashes.outbound) return { kind: "differ", example: undefined };
    for (const port of portsOf(a, b)) {
      const sides = [guardedPort(a, port), guardedPort(b, port)] as const;
      const result = comparePorts({
        mesh,
        workload,
        sides,
        surroundings: surroundingsOf([...before.values()], a, sides[0].listener),
      });
      if (result.kind === "differ") return result;
      if (result.kind === "no-caller") found = result;
    }
  }
  return found;
}

/** Ports that anything tells apart: listeners, those that policies name, and one that nobody names. */
function portsOf(...versions: readonly ProxySnapshot[]): ReadonlySet<number> {
  const ports = new Set<number>();
  for (const { inbound } of versions) {
    for (const { port } of inbound.listeners) ports.add(port);
    for (const port of [...namedPorts(inbound.http), ...namedPorts(inbound.tcp)]) ports.add(port);
  }
  for (let port = 1; ; port += 1) if (!ports.has(port)) return ports.add(port);
}

function namedPorts({ policies }: PolicySet): readonly number[] {
  return policies
    .flatMap(({ rules }) => rules)
    .flatMap(({ from, to, when }) => [...from, ...to].flatMap(({ clauses }) => clauses).concat(when))
    .flatMap(({ matchers }) => matchers.flatMap((matcher) => (matcher.kind === "port" ? [matcher.value] : [])));
}

interface ComparedPort {
  readonly mesh: Mesh;
  readonly workload: Workload;
  readonly sides: readonly [GuardedPort, GuardedPort];
  readonly surroundings: Surroundings;
}

function comparePorts({ mesh, workload, sides, surroundings }: ComparedPort): Comparison {
  const layers = new Set(sides.flatMap(({ listener }) => layersOf(listener)));
  let found = same;
  for (const layer of layers) {
    const parted = partition(sides, layer, surroundings);
    const differing = differingWays(parted);
    if (differing === "unknown") return { kind: "differ", example: undefined };
    if (differing.length === 0) continue;
    if (!differing.some((way) => hasCaller(mesh, workload, parted, way))) found = { kind: "no-caller" };
    else return { kind: "differ", example: exampleOf(parted, workload, sides[0]) };
  }
  return found;
}

function differingWays(parted: Partition): readonly Way[] | "unknown" {
  if (parted.dimensions.some(({ complete }) => !complete)) return "unknown";
  const decide = parted.sides.map((port) => bindOutcome(port, parted.layer));
  const ways: Way[] = [];
  for (const way of waysOf(parted.root)) {
    if (way.leaf.open === undefined) return "unknown";
    const outcomes = way.leaf.open.flatMap((side, index) => decide[index]?.(side) ?? []);
    if (isDifferent(outcomes)) ways.push(way);
  }
  return ways;
}

function isDifferent([before, after]: readonly ClassOutcome[]): boolean {
  if (before === undefined || after === undefined) return true;
  const asked = ({ verdict, asks }: ClassOutcome): string => (verdict === "depends" ? asks.join() : "");
  return wordOf(before) !== wordOf(after) || asked(before) !== asked(after);
}

/** Whether somebody in the mesh, or outside of it without an identity, could send what goes this way. */
function hasCaller(mesh: Mesh, { id }: Workload, { dimensions, sides }: Partition, { steps }: Way): boolean {
  const others = mesh.workloads.filter((each) => each.id !== id);
  // What sidecars send to ports that no service declares they pass on as it is: no identity arrives there.
  const declared = sides.some(({ listener }) => listener.cluster !== passthrough);
  const meshed = others.filter(({ sidecar }) => sidecar && declared);
  const identities = new Set(meshed.flatMap((each) => meshCertificate(mesh, each).uriSans));
  const addresses = new Set([...others.map(({ address }) => address), outsideAddress]);
  return steps.every(({ dimension: at, cells }) => {
    const dimension = dimensions[at];
    if (dimension?.name !== "caller" && dimension?.name !== "source address") return true;
    return cells.some((cell) => {
      const { peer, sourceIp } = dimension.cells[cell]?.sample() ?? {};
      if (dimension.name === "source address") return sourceIp !== undefined && addresses.has(sourceIp);
      return peer === undefined || identities.has(peer);
    });
  });
}

function exampleOf(parted: Partition, { id }: Workload, side: GuardedPort): Example | undefined {
  const [first] = classesOf(parted, isDifferent).classes;
  const [before, after] = first?.outcomes ?? [];
  if (first?.witness === undefined || before === undefined || after === undefined) return undefined;
  return { workload: id, port: side.port, side, request: first.witness, verdicts: [wordOf(before), wordOf(after)] };
}

function wordOf({ verdict, reason }: ClassOutcome): string {
  return reason === "tls" ? "tls-fail" : verdict;
}

import { type AccessClass, classesOf } from "../access/classes.ts";
import type { ClassOutcome } from "../access/outcome.ts";
import { partition } from "../access/partition.ts";
import { guardedPort, layersOf, surroundingsOf } from "../access/ports.ts";
import type { GuardedPort, Layer, Seen } from "../access/sample.ts";
import { compile } from "../compile/compile.ts";
import type { RequestFacts } from "../model/decision.ts";
import type { Mesh } from "../model/mesh.ts";
import type { InboundSection, ProxySnapshot } from "../model/snapshot.ts";
import type { AskedCall } from "./ask.ts";

/** Requests that one set of policies refuses and another allows, and that neither tells apart. */
export interface Opened {
  /** Ids of the workloads where they arrive. */
  readonly workloads: readonly string[];
  /** Workload ports; null: every port that neither a service nor a policy names. */
  readonly ports: readonly (number | null)[];
  readonly layer: Layer;
  /** What they have in common; empty: every request. */
  readonly conditions: AccessClass["conditions"];
  readonly before: ClassOutcome;
  readonly after: ClassOutcome;
  /** The call that was asked about is one of them. */
  readonly asked: boolean;
  /** Where they arrive, and whether a request there, told by how each version sees it, is one of them. */
  readonly places: readonly Place[];
  /** One of them. */
  readonly witness: AccessClass["witness"];
}

export interface Place {
  readonly workload: string;
  readonly port: number | null;
  readonly isAt: (port: number) => boolean;
  readonly holds: AccessClass["holds"];
}

export interface Opening {
  readonly classes: readonly Opened[];
  /** What may be missing, in words; empty: nothing is. */
  readonly cut: readonly string[];
}

/** Everything that `after` lets pass and `before` does not. */
export function openedBy(before: Mesh, after: Mesh, call: AskedCall | undefined): Opening {
  const old = snapshotsOf(before);
  const all = [...snapshotsOf(after).values()];
  const found = new Map<string, Opened>();
  const cut = new Set<string>();
  for (const target of all) {
    const earlier = old.get(target.proxy);
    if (earlier === undefined || isSameMeaning(earlier, target)) continue;
    for (const { port, sides, layer, isAt } of doorsOf(earlier, target, call?.facts.destinationPort)) {
      const around = surroundingsOf(all, target, sides[1].listener);
      const result = classesOf(partition(sides, layer, around), ([a, b]) => isOpening(a, b));
      for (const text of result.cut) cut.add(text);
      const seen =
        call?.proxy === target.proxy && call.facts.layer === layer && isAt(call.facts.destinationPort)
          ? seenCall(call.facts)
          : undefined;
      for (const { conditions, outcomes, witness, holds } of result.classes) {
        const [was, is] = outcomes;
        if (was === undefined || is === undefined) continue;
        const asked = seen !== undefined && holds([seen, seen]);
        const places = [{ workload: target.proxy, port, isAt, holds }];
        enter(found, { places, ...placesOf(places), layer, conditions, before: was, after: is, asked, witness });
      }
    }
  }
  return { classes: [...found.values()], cut: [...cut] };
}

function seenCall(facts: RequestFacts): Seen {
  return { plaintext: facts.peer === undefined, token: facts.claims === undefined ? "none" : "accepted", facts };
}

function isOpening(before: ClassOutcome | undefined, after: ClassOutcome | undefined): boolean {
  return before?.verdict === "deny" && after !== undefined && after.verdict !== "deny";
}

interface Door extends Pick<Place, "port" | "isAt"> {
  readonly layer: Layer;
  readonly sides: readonly [before: GuardedPort, after: GuardedPort];
}

/** Every port of a workload that one of two versions tells from others, as both guard it. */
function doorsOf(before: ProxySnapshot, after: ProxySnapshot, dialled: number | undefined): readonly Door[] {
  const guarded = [before, after].flatMap(({ inbound }) => [...listening(inbound), ...asked(inbound)]);
  const named = new Set([...guarded, ...(dialled === undefined ? [] : [dialled])]);
  const other = Array.from({ length: named.size + 1 }, (_, index) => 20_000 + index).find((port) => !named.has(port));
  return [...named, undefined].flatMap((port) => {
    const number = port ?? other ?? 0;
    const sides = [guardedPort(before, number), guardedPort(after, number)] as const;
    const layers = new Set(sides.flatMap(({ listener }) => layersOf(listener)));
    const isAt = (each: number): boolean => (port === undefined ? !named.has(each) : each === port);
    return [...layers].map((layer) => ({ port: port ?? null, isAt, layer, sides }));
  });
}

function listening({ listeners }: InboundSection): readonly number[] {
  return listeners.map(({ port }) => port);
}

/** Ports that policies name. */
function asked({ http, tcp }: InboundSection): readonly number[] {
  return [http, tcp].flatMap(({ policies }) =>
    policies.flatMap(({ rules }) =>
      rules.flatMap(({ to, when }) =>
        [...to.flatMap(({ clauses }) => clauses), ...when].flatMap(({ matchers }) =>
          matchers.flatMap((matcher) => (matcher.kind === "port" && matcher.value > 0 ? [matcher.value] : [])),
        ),
      ),
    ),
  );
}

function snapshotsOf(mesh: Mesh): ReadonlyMap<string, ProxySnapshot> {
  return compile(mesh, { ready: new Set(mesh.workloads.map(({ id }) => id)) });
}

/** Whether two versions decide alike: an edit moves lines of what it does not change. */
function isSameMeaning({ inbound: a }: ProxySnapshot, { inbound: b }: ProxySnapshot): boolean {
  const meaning = ({ http, tcp, jwt, listeners, passthrough }: InboundSection): string =>
    JSON.stringify([http, tcp, jwt, listeners, passthrough], (key, value: unknown) =>
      key === "provenance" || key === "because" || (key === "from" && !Array.isArray(value)) ? undefined : value,
    );
  return meaning(a) === meaning(b);
}

/** The same requests at several ports and workloads are told once. */
function enter(found: Map<string, Opened>, opened: Opened): void {
  const { layer, conditions, before, after } = opened;
  const key = JSON.stringify([layer, conditions, before.reason, before.by?.id, after.verdict, after.by?.id]);
  const known = found.get(key);
  const places = [...(known?.places ?? []), ...opened.places];
  const asked = (known?.asked ?? false) || opened.asked;
  found.set(key, { ...(known ?? opened), asked, places, ...placesOf(places) });
}

function placesOf(places: readonly Place[]): Pick<Opened, "workloads" | "ports"> {
  return {
    workloads: [...new Set(places.map(({ workload }) => workload))],
    ports: [...new Set(places.map(({ port }) => port))],
  };
}

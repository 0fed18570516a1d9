import type { RuleRecord } from "../model/decision.ts";
import type { JsonObject } from "../model/jwt.ts";
import type { Provenance } from "../model/resource.ts";
import type { AccessChanges, Sides } from "./changes.ts";
import type { AccessClass, Condition } from "./classes.ts";
import type { Access, AccessMatrix } from "./matrix.ts";
import type { ClassOutcome } from "./outcome.ts";
import type { Layer, SampleRequest } from "./sample.ts";

// What `can --matrix -o json` and `diff -o json` say. A published contract; null where there is nothing.

export interface MatrixRecord {
  readonly ports: readonly PortRecord[];
}

export interface PortRecord {
  readonly workloads: readonly string[];
  readonly service: { readonly host: string; readonly port: number } | null;
  /** Workload port. */
  readonly port: number;
  readonly protocol: "http" | "tcp" | "auto";
  /** What policies see there: requests, or connections. */
  readonly layer: Layer;
  readonly mtls: "DISABLE" | "PERMISSIVE" | "STRICT";
  readonly because: readonly Provenance[];
  readonly callers: readonly CallerRecord[];
  readonly classes: readonly ClassRecord[];
  /** What is missing among the classes, in words. */
  readonly cut: readonly string[];
}

export interface CallerRecord {
  /** Empty: no workload of the mesh. */
  readonly workloads: readonly string[];
  readonly text: string;
  readonly connection: "mutual" | "plaintext" | "foreign-tls";
  readonly because: readonly Provenance[];
  readonly access: Access;
  /** Ids of classes. */
  readonly classes: readonly number[];
}

export interface ClassRecord extends OutcomeRecord {
  readonly id: number;
  readonly conditions: readonly Condition[];
  readonly example: ExampleRecord | null;
}

export interface OutcomeRecord {
  readonly verdict: ClassOutcome["verdict"];
  readonly reason: ClassOutcome["reason"];
  /** The deciding rule. */
  readonly by: RuleRecord | null;
  /** External authorizers that are asked. */
  readonly asks: readonly string[];
  readonly because: readonly Provenance[];
}

export interface ExampleRecord {
  /** SPIFFE id; null: plaintext. */
  readonly identity: string | null;
  readonly sourceIp: string;
  readonly sni: string | null;
  readonly method: string;
  readonly host: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, readonly string[]>>;
  readonly token: "none" | "refused" | "accepted";
  readonly claims: JsonObject | null;
}

export function matrixRecord({ ports }: AccessMatrix): MatrixRecord {
  return {
    ports: ports.flatMap(({ workloads, service, port, protocol, mode, because, layers }) =>
      layers.map(({ layer, callers, found }): PortRecord => ({
        workloads,
        service: service ?? null,
        port,
        protocol,
        layer,
        mtls: mode,
        because,
        callers: callers.map(({ workloads: names, text, arrival, access, classes }) => ({
          workloads: names,
          text,
          connection: arrival.kind,
          because: arrival.because,
          access,
          classes: classes.map(({ id }) => id),
        })),
        classes: found.classes.map(classRecord),
        cut: found.cut,
      })),
    ),
  };
}

function classRecord({ id, conditions, outcomes: [outcome], witness }: AccessClass): ClassRecord {
  if (outcome === undefined) throw new TypeError("a class has an outcome per version");
  return { id, ...outcomeRecord(outcome), conditions, example: exampleRecord(witness) };
}

export function outcomeRecord({ verdict, reason, by, asks, because }: ClassOutcome): OutcomeRecord {
  if (by === undefined) return { verdict, reason, by: null, asks, because };
  const { at, ...rule } = by;
  return { verdict, reason, by: { ...rule, file: at.file, line: at.line, column: at.column }, asks, because };
}

export function exampleRecord(sample: SampleRequest | undefined): ExampleRecord | null {
  if (sample === undefined) return null;
  const { peer, sourceIp, sni, method, host, path, headers, token } = sample;
  return {
    identity: peer ?? null,
    sourceIp,
    sni: sni ?? null,
    method,
    host,
    path,
    headers,
    token: token.kind,
    claims: token.kind === "accepted" ? token.claims : null,
  };
}

export interface ChangesRecord {
  readonly ports: readonly PortChangeRecord[];
  /** Workloads with a sidecar that only one side has, by id, and ports, `orders-1:9090`. */
  readonly added: readonly string[];
  readonly removed: readonly string[];
}

export interface PortChangeRecord {
  readonly workloads: readonly string[];
  readonly service: { readonly host: string; readonly port: number } | null;
  readonly port: number;
  readonly layer: Layer;
  readonly mtls: Sides<{ readonly mode: PortRecord["mtls"]; readonly because: readonly Provenance[] }>;
  readonly classes: readonly ClassChangeRecord[];
  /** How many classes keep their verdict by another rule. */
  readonly reasons: number;
  readonly connections: readonly ({ readonly workload: string } & Sides<
    Pick<CallerRecord, "connection" | "because">
  >)[];
  readonly cut: readonly string[];
}

export interface ClassChangeRecord extends Sides<OutcomeRecord> {
  readonly conditions: readonly Condition[];
  readonly example: ExampleRecord | null;
}

export function changesRecord({ ports, added, removed }: AccessChanges): ChangesRecord {
  return {
    ports: ports.map(({ workloads, service, port, layer, modes, classes, reasons, arrivals, cut }) => ({
      workloads,
      service: service ?? null,
      port,
      layer,
      mtls: modes,
      classes: classes.flatMap(({ conditions, outcomes: [before, after], witness }) =>
        before === undefined || after === undefined
          ? []
          : [
              {
                conditions,
                before: outcomeRecord(before),
                after: outcomeRecord(after),
                example: exampleRecord(witness),
              },
            ],
      ),
      reasons,
      connections: arrivals.map(({ workload, before, after }) => ({
        workload,
        before: { connection: before.kind, because: before.because },
        after: { connection: after.kind, because: after.because },
      })),
      cut,
    })),
    added,
    removed,
  };
}

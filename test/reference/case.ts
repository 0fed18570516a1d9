import { parseAllDocuments } from "yaml";
import type { Case, CaseRequest, CaseService, CaseWorkload } from "../conformance/case.ts";
import { kindOf, listOf, part, textOf, textsOf } from "./document.ts";
import type { ReferenceMesh } from "./situation.ts";

/** What a case says, in the evaluator's own terms. */

export function meshOfCase(spec: Case): ReferenceMesh {
  return {
    rootNamespace: textOf(spec.mesh["rootNamespace"], "istio-system"),
    trustDomains: [textOf(spec.mesh["trustDomain"], "cluster.local"), ...textsOf(spec.mesh["trustDomainAliases"])],
    autoMtls: spec.mesh["enableAutoMtls"] !== false,
    normalization: textOf(part(spec.mesh["pathNormalization"], "normalization"), "DEFAULT"),
    documents: byAge(parseAllDocuments(spec.config).map((document): unknown => document.toJS())).filter(
      (document) => kindOf(document) !== "",
    ),
  };
}

/** Oldest first; one that does not say its age is as old as its place says (spec PA-3). */
function byAge(documents: readonly unknown[]): readonly unknown[] {
  const age = (document: unknown, index: number): number => {
    const said = part(document, "metadata", "creationTimestamp");
    return typeof said === "string" ? Date.parse(said) : Date.UTC(2024, 0, 1) + index * 1000;
  };
  return documents
    .map((document, index) => ({ document, at: age(document, index) }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ document }) => document);
}

export interface Destination {
  readonly workload: CaseWorkload;
  readonly port: number;
  /** Undefined: the caller named the pod. */
  readonly service: { readonly service: CaseService; readonly port: number } | undefined;
}

/** Where a request is sent: a service's only workload, or a pod by its name; undefined: something else. */
export function destinationOf(spec: Case, from: CaseWorkload, request: CaseRequest): Destination | undefined {
  const dialled = request.tcp === undefined ? dialledByUrl(request) : request.tcp;
  if (dialled === undefined) return undefined;
  const [name = "", second, ...rest] = dialled.host.toLowerCase().split(".");
  if (rest.at(-1) === "pod" || second === "pod") {
    const workload = spec.workloads.find(
      (each) => each.name === name && (second === "pod" || spaceOf(each) === second),
    );
    return workload === undefined ? undefined : { workload, port: dialled.port, service: undefined };
  }
  if (!["", "svc", "svc.cluster.local"].includes(rest.join("."))) return undefined;
  const service = spec.services.find((each) => each.name === name && spaceOf(each) === (second ?? spaceOf(from)));
  const port = service?.ports?.find((each) => each.port === dialled.port);
  const backends = spec.workloads.filter((each) => service !== undefined && isBehind(service, each));
  const [workload] = backends;
  if (service === undefined || port === undefined || workload === undefined || backends.length > 1) return undefined;
  return { workload, port: port.targetPort ?? port.port, service: { service, port: port.port } };
}

function dialledByUrl(request: CaseRequest): { readonly host: string; readonly port: number } | undefined {
  const authority = request.connect ?? /^http:\/\/([^/?#]*)/.exec(request.url ?? "")?.[1];
  const [, host, port] = /^([^:]+)(?::(\d+))?$/.exec(authority ?? "") ?? [];
  return host === undefined ? undefined : { host, port: Number(port ?? "80") };
}

export function spaceOf(named: { readonly namespace?: string }): string {
  return named.namespace ?? "default";
}

export function labelsOf(workload: CaseWorkload): Readonly<Record<string, string>> {
  return workload.labels ?? { app: workload.name };
}

function isBehind(service: CaseService, workload: CaseWorkload): boolean {
  const wanted = Object.entries(service.selector ?? {});
  const labels = labelsOf(workload);
  return (
    spaceOf(service) === spaceOf(workload) &&
    wanted.length > 0 &&
    wanted.every(([name, value]) => labels[name] === value)
  );
}

/** http, tcp or auto, as the services of the workload declare one of its ports (spec 0.2.3). */
export function declaredProtocol(spec: Case, workload: CaseWorkload, port: number): string {
  const declared = spec.services
    .filter((service) => isBehind(service, workload))
    .flatMap((service) => service.ports ?? [])
    .find((each) => (each.targetPort ?? each.port) === port);
  const word = declared?.appProtocol ?? declared?.name?.split("-")[0] ?? "";
  if (/^(?:http|http2|grpc|kubernetes\.io\/h2c)$/.test(word)) return "http";
  return /^(?:tcp|tls|https|mongo|mysql|redis|udp)$/.test(word) ? "tcp" : "auto";
}

/** The head of a request as its caller writes it; undefined: one that this evaluator does not read. */
export function headOf(request: CaseRequest):
  | {
      readonly method: string;
      readonly authority: string;
      readonly target: string;
      readonly headers: readonly (readonly [string, string])[];
    }
  | undefined {
  const [, authority, target = ""] = /^http:\/\/([^/?#]*)(.*)$/s.exec(request.url ?? "") ?? [];
  if (authority === undefined) return undefined;
  const given = Array.isArray(request.headers)
    ? listOf(request.headers).map((pair) => textsOf(pair))
    : Object.entries(request.headers ?? {}).flatMap(([name, value]) => [value].flat().map((each) => [name, each]));
  // Blanks around a value are no part of it.
  const headers = given.map(([name = "", value = ""]) => [name, value.trim()] as const);
  const host = headers.find(([name]) => name.toLowerCase() === "host")?.[1];
  return {
    method: request.method ?? "GET",
    authority: host ?? authority.replace(/:80$/, ""),
    target: target.startsWith("/") ? target : `/${target}`,
    headers: headers.filter(([name]) => name.toLowerCase() !== "host"),
  };
}

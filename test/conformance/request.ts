import { isIP } from "node:net";
import type { Mesh, Workload } from "../../runtime/model/mesh.ts";
import { isSelected } from "../../runtime/policy/selector.ts";
import type { CertificateClaim, Payload, TlsOffer } from "../../runtime/predict/payload.ts";
import type { Case, CaseRequest } from "./case.ts";

export interface Call {
  readonly host: string;
  readonly port: number;
  readonly payload: Payload;
}

/** The bytes of a request and where they go, exactly as the recording's client sent them. */
export function callOf(request: CaseRequest, caseId: string): Call {
  if (request.tcp !== undefined) {
    const { host, port, send, sends } = request.tcp;
    return { host, port, payload: wrap(request, host, Buffer.from(send ?? sends?.join("") ?? "", "utf8")) };
  }
  const match = /^(https?):\/\/([^/?#]*)(.*)$/s.exec(request.url ?? "");
  const [, scheme = "http", authority = "", rest = ""] = match ?? [];
  const dialled = request.connect ?? authority;
  const { host, port } = splitAuthority(dialled, scheme === "https" ? 443 : 80);
  const bytes =
    request.raw === undefined ? requestBytes(request, authority, rest, caseId) : Buffer.from(request.raw, "utf8");
  return { host, port, payload: wrap(request, splitAuthority(authority, 80).host, bytes) };
}

function splitAuthority(authority: string, fallback: number): { readonly host: string; readonly port: number } {
  const at = authority.lastIndexOf(":");
  if (at < 0) return { host: authority, port: fallback };
  return { host: authority.slice(0, at), port: Number(authority.slice(at + 1)) };
}

function requestBytes(request: CaseRequest, authority: string, rest: string, caseId: string): Buffer {
  const entries: (readonly [string, string])[] = Array.isArray(request.headers)
    ? request.headers.map(([name, value]: readonly [string, string]) => [name, value] as const)
    : Object.entries(request.headers ?? {}).flatMap(([name, value]) =>
        [value].flat().map((each: string) => [name, each] as const),
      );
  const host = entries.find(([name]) => name.toLowerCase() === "host")?.[1] ?? authority.replace(/:80$/, "");
  const target = rest.startsWith("/") ? rest : `/${rest}`;
  const body = request.body ?? "";
  const lines = [
    `${request.method ?? "GET"} ${target} HTTP/1.1`,
    `Host: ${host}`,
    ...entries.filter(([name]) => name.toLowerCase() !== "host").map(([name, value]) => `${name}: ${value}`),
    `x-case-id: ${caseId}`,
    ...(body === "" ? [] : [`Content-Length: ${Buffer.byteLength(body)}`]),
  ];
  return Buffer.from(`${lines.join("\r\n")}\r\n\r\n${body}`, "utf8");
}

function wrap(request: CaseRequest, host: string, bytes: Buffer): Payload {
  const inner: Payload = { kind: "bytes", bytes };
  const { tls } = request;
  const https = request.url?.startsWith("https:") === true;
  if (tls === undefined && !https) return inner;
  const maxVersion = version(tls?.maxVersion, 13);
  const sni = tls?.sni ?? (https && isIP(host) === 0 ? host : undefined);
  const offer: TlsOffer = {
    alpn: tls?.alpn ?? [],
    sni: sni === "none" ? undefined : sni,
    certificate: certificateOf(tls?.cert, tls?.expired === true),
    minVersion: version(tls?.minVersion, Math.min(12, maxVersion)),
    maxVersion,
    judge: () => undefined,
  };
  return { kind: "tls", offer, inner };
}

/** `1.2` as 12. */
function version(text: string | undefined, fallback: number): number {
  return text === undefined ? fallback : Math.round(Number(text) * 10);
}

function certificateOf(text: string | undefined, expired: boolean): CertificateClaim | undefined {
  if (text === undefined || text === "none") return undefined;
  const rogue = text.startsWith("rogue:");
  const name = rogue ? text.slice("rogue:".length) : text;
  const isUri = name.includes("://");
  return {
    uriSans: isUri ? [name] : [],
    dnsSans: isUri ? [] : [name],
    subject: "",
    issuer: rogue ? "rogue" : "mesh",
    expired,
    hash: "<sha256>",
  };
}

/** The address behind a name, as the caller's resolver gives it. */
export function lookUp(mesh: Mesh, spec: Case, from: Workload, host: string): string | undefined {
  if (isIP(host) !== 0) return host;
  const name = host.toLowerCase();
  const given = spec.dns[name];
  if (given !== undefined) return typeof given === "string" ? given : given[0];
  const pod = /^(.+?)(?:\.([^.]+))?\.pod$/.exec(name);
  if (pod !== null) {
    const [, workload, namespace] = pod;
    return mesh.workloads.find(
      (each) => each.name === workload && (namespace === undefined || each.namespace === namespace),
    )?.address;
  }
  const [service, namespace = from.namespace, ...rest] = name.split(".");
  if (!["", "svc", "svc.cluster", "svc.cluster.local"].includes(rest.join("."))) return undefined;
  const found = mesh.services.find((each) => each.name === service && each.namespace === namespace);
  if (found === undefined) return undefined;
  if (found.externalName !== undefined) return lookUp(mesh, spec, from, found.externalName);
  if (found.address !== "None") return found.address;
  return mesh.workloads.find((each) => each.namespace === found.namespace && isSelected(found.selector, each.labels))
    ?.address;
}

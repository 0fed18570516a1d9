import { isIP } from "node:net";
import type { Mesh, Workload } from "../../runtime/model/mesh.ts";
import { isSelected } from "../../runtime/policy/selector.ts";
import type { CertificateClaim, Payload, TlsOffer } from "../../runtime/predict/payload.ts";
import type { Http2Fields } from "../../runtime/wire/http2/fields.ts";
import type { Case, CaseRequest } from "./case.ts";
import { mint } from "./tokens.ts";

export interface Call {
  readonly host: string;
  readonly port: number;
  readonly payload: Payload;
}

/** The bytes of a request and where they go, exactly as the recording's client sent them. */
export function callOf(asked: CaseRequest, caseId: string): Call {
  const request = withToken(asked);
  if (request.tcp !== undefined) {
    const { host, port, send, sends } = request.tcp;
    return { host, port, payload: wrap(request, host, bytesOf(send ?? sends?.join("") ?? "")) };
  }
  const match = /^(https?):\/\/([^/?#]*)(.*)$/s.exec(request.url ?? "");
  const [, scheme = "http", authority = "", rest = ""] = match ?? [];
  const dialled = request.connect ?? authority;
  const { host, port } = splitAuthority(dialled, scheme === "https" ? 443 : 80);
  const inner = request.raw === undefined ? written(request, authority, rest, caseId) : bytesOf(request.raw);
  return { host, port, payload: wrap(request, splitAuthority(authority, 80).host, inner) };
}

/** The request with its token in place, minted now. */
function withToken(request: CaseRequest): CaseRequest {
  const { jwt } = request;
  if (jwt === undefined) return request;
  const token = mint(jwt, Math.floor(Date.now() / 1000));
  if (jwt.location === "query") {
    const url = request.url ?? "";
    const parameter = `${jwt.name ?? "access_token"}=${token}`;
    return { ...request, url: `${url}${url.includes("?") ? "&" : "?"}${parameter}` };
  }
  const line: readonly [string, string] =
    jwt.location === "cookie"
      ? ["Cookie", `${jwt.name ?? "token"}=${token}`]
      : [jwt.name ?? "Authorization", `${jwt.prefix ?? (jwt.name === undefined ? "Bearer " : "")}${token}`];
  return { ...request, headers: [...entriesOf(request), line] };
}

function entriesOf({ headers }: CaseRequest): readonly (readonly [string, string])[] {
  if (Array.isArray(headers)) return headers.map(([name, value]: readonly [string, string]) => [name, value] as const);
  return Object.entries(headers ?? {}).flatMap(([name, value]) =>
    [value].flat().map((each: string) => [name, each] as const),
  );
}

function splitAuthority(authority: string, fallback: number): { readonly host: string; readonly port: number } {
  const at = authority.lastIndexOf(":");
  if (at < 0) return { host: authority, port: fallback };
  return { host: authority.slice(0, at), port: Number(authority.slice(at + 1)) };
}

function bytesOf(text: string): Payload {
  return { kind: "bytes", bytes: Buffer.from(text, "utf8") };
}

/** A request in the protocol that it asks for. */
function written(request: CaseRequest, authority: string, rest: string, caseId: string): Payload {
  const entries = entriesOf(request);
  const host = entries.find(([name]) => name.toLowerCase() === "host")?.[1] ?? authority.replace(/:80$/, "");
  const target = rest.startsWith("/") ? rest : `/${rest}`;
  const body = request.body ?? "";
  const method = request.method ?? "GET";
  const headers: readonly (readonly [string, string])[] = [
    ...entries.filter(([name]) => name.toLowerCase() !== "host"),
    ["x-case-id", caseId],
    ...(tellsLength(request, method) ? [["content-length", `${Buffer.byteLength(body)}`] as const] : []),
  ];
  if (request.proto === "h2") {
    const scheme = request.tls === undefined && request.url?.startsWith("https:") !== true ? "http" : "https";
    const pseudo: Http2Fields = [
      [":method", method],
      [":scheme", scheme],
      [":authority", host],
      [":path", target],
    ];
    const fields = [...pseudo, ...headers].map(([name, value]) => [name.toLowerCase(), latin1(value)] as const);
    return { kind: "h2", fields, body: Buffer.from(body, "utf8"), whole: true };
  }
  const version = request.proto === "http/1.0" ? "1.0" : "1.1";
  const lines = [
    `${method} ${target} HTTP/${version}`,
    `Host: ${host}`,
    ...headers.map(([name, value]) => `${name}: ${value}`),
  ];
  return bytesOf(`${lines.join("\r\n")}\r\n\r\n${body}`);
}

/** The recordings' HTTP/2 client tells of an empty body where the method leads to expect one. */
function tellsLength(request: CaseRequest, method: string): boolean {
  if ((request.body ?? "") !== "") return true;
  return request.proto === "h2" && ["POST", "PUT", "PATCH"].includes(method);
}

/** One character per byte. */
function latin1(text: string): string {
  return Buffer.from(text, "utf8").toString("latin1");
}

function wrap(request: CaseRequest, host: string, inner: Payload): Payload {
  const { tls } = request;
  const https = request.url?.startsWith("https:") === true;
  if (tls === undefined && !https) return inner;
  const maxVersion = version(tls?.maxVersion, 13);
  const sni = tls?.sni ?? (https && isIP(host) === 0 ? host : undefined);
  const offer: TlsOffer = {
    alpn: tls?.alpn ?? (request.proto === "h2" ? ["h2"] : []),
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

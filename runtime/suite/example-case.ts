import { targetOf } from "../access/sample.ts";
import type { Mesh, Workload } from "../model/mesh.ts";
import type { PredictedCall } from "../predict/call.ts";
import { meshCertificate } from "../predict/paper.ts";
import type { CaseToken, TestCase } from "./case.ts";
import type { Example } from "./equivalent.ts";

/** The case that a request would be: who could send it, and what is expected of it now. Undefined: nobody here can. */
export function exampleCase(mesh: Mesh, { workload, port, side, request, verdicts }: Example): TestCase | undefined {
  const server = mesh.workloads.find(({ id }) => id === workload);
  const verdict = verdicts[0];
  const path = targetOf(request.path, side);
  if (server === undefined || path === undefined || request.token.kind === "refused") return undefined;
  if (verdict !== "allow" && verdict !== "deny" && verdict !== "tls-fail") return undefined;
  const to = addressee(mesh, server, port);
  const caller = callerOf(mesh, server, request.peer, request.sourceIp);
  if (to === undefined || caller === undefined) return undefined;
  const headers = Object.entries(request.headers).flatMap(([name, values]) =>
    values.map((value) => [name, value] as const),
  );
  const isUsual = mesh.services.some(({ name, namespace }) => [name, `${name}.${namespace}`].includes(request.host));
  const host = isUsual ? [] : [["host", request.host] as const];
  const sent: PredictedCall =
    request.layer === "tcp"
      ? { ...caller, ...to, method: "GET", path: "/", headers: [], tcp: "hello\n" }
      : { ...caller, ...to, method: request.method, path, headers: [...host, ...headers] };
  return {
    name: "",
    at: { file: "", line: 1, column: 1 },
    field: "",
    call: sent,
    token: request.token.kind === "accepted" ? { kind: "claims", claims: request.token.claims } : undefined,
    given: { policies: [], authorizers: {} },
    expected: { verdict, by: undefined, status: undefined },
  };
}

/** As a service that leads there, else the workload itself. */
function addressee(mesh: Mesh, server: Workload, port: number): { to: string; port: number | undefined } | undefined {
  for (const { name, namespace, selector, ports, externalName } of mesh.services) {
    const selects =
      externalName === undefined &&
      namespace === server.namespace &&
      Object.entries(selector).length > 0 &&
      Object.entries(selector).every(([key, value]) => server.labels[key] === value);
    const found = selects ? ports.find(({ target }) => target === port) : undefined;
    if (found !== undefined) return { to: `${name}.${namespace}`, port: found === ports[0] ? undefined : found.port };
  }
  return { to: server.id, port };
}

function callerOf(
  mesh: Mesh,
  server: Workload,
  peer: string | undefined,
  sourceIp: string,
): Pick<PredictedCall, "from" | "tls"> | undefined {
  const others = mesh.workloads.filter(({ id }) => id !== server.id);
  const byAddress = (list: readonly Workload[]): Workload | undefined =>
    list.find(({ address }) => address === sourceIp) ?? list[0];
  if (peer !== undefined) {
    const found = byAddress(others.filter((each) => each.sidecar && meshCertificate(mesh, each).uriSans[0] === peer));
    return found && { from: shortName(mesh, found) };
  }
  const open = others.find(({ sidecar }) => !sidecar);
  return { from: open === undefined ? "outside" : shortName(mesh, open) };
}

/** The name of its service, where that means this workload. */
function shortName({ workloads }: Mesh, { id, service, namespace }: Workload): string {
  const [first] = workloads.filter((each) => each.service === service);
  if (first?.id === id) return service;
  const [here] = workloads.filter((each) => each.service === service && each.namespace === namespace);
  return here?.id === id ? `${service}.${namespace}` : id;
}

/** A case as somebody would write it into a list of cases. */
export function caseText({ call, token, expected }: Pick<TestCase, "call" | "token" | "expected">): string {
  const { from, to, port, method, path, headers, tls, tcp } = call;
  const names = [...new Set(headers.map(([name]) => name))];
  const lines = names.map((name) => {
    const values = headers.filter(([each]) => each === name).map(([, value]) => plain(value));
    return `${plain(name)}: ${values.length === 1 ? values.join("") : `[${values.join(", ")}]`}`;
  });
  const fields = [
    `from: ${from}`,
    `to: ${to}`,
    ...(port === undefined ? [] : [`port: ${port}`]),
    ...(tls === undefined ? [] : [`tls: ${tls}`]),
    ...(tcp === undefined ? [] : [`tcp: ${JSON.stringify(tcp)}`]),
    ...(tcp !== undefined || method === "GET" ? [] : [`method: ${plain(method)}`]),
    ...(tcp === undefined ? [`path: ${plain(path)}`] : []),
    ...(lines.length === 0 ? [] : [`headers: { ${lines.join(", ")} }`]),
    ...claimsOf(token),
    `expect: ${expected.verdict}`,
  ];
  return `- { ${fields.join(", ")} }`;
}

function claimsOf(token: CaseToken | undefined): readonly string[] {
  return token?.kind === "claims" ? [`claims: ${JSON.stringify(token.claims)}`] : [];
}

/** Unquoted where YAML would read the same text. */
function plain(text: string): string {
  return /^[A-Za-z/][-A-Za-z0-9/._]*$/.test(text) && !/^(?:true|false|null|yes|no|on|off|y|n)$/i.test(text)
    ? text
    : JSON.stringify(text);
}

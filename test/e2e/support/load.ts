import { createProject, freePort, type Project } from "./project.ts";

/** A caller that reports every call on stdout, and a server; the caller's pace is set by `everyMs`. */
export const callerProgram = `
const every = Number(process.env.EVERY_MS ?? "20");
async function call(path, method) {
  try {
    const response = await fetch("http://backend:8080" + path, { method });
    const body = await response.text();
    return { status: response.status, body };
  } catch (error) {
    return { status: 0, body: String(error.cause?.code ?? error.cause?.message ?? error.message) };
  }
}
let n = 0;
async function tick() {
  const id = ++n;
  const begun = Date.now();
  const { status, body } = await call("/api/data?n=" + id, "GET");
  console.log(JSON.stringify({ n: id, begun, ended: Date.now(), status, body: body.slice(0, 60) }));
}
setInterval(() => void tick(), every);
`;

export const serverProgram = `
import { createServer } from "node:http";
createServer((request, response) => {
  let size = 0;
  request.on("data", (chunk) => { size += chunk.length; });
  request.on("end", () => response.end(JSON.stringify({ path: request.url, size, xfcc: request.headers["x-forwarded-client-cert"] ?? null })));
}).listen(8080);
`;

export const peerAuthentication = (mode: string): string => `apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: backend, namespace: default}
spec:
  selector: {matchLabels: {app: backend}}
  mtls: {mode: ${mode}}
`;

export const allowOnly = (serviceAccount: string): string => `apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: backend-allow, namespace: default}
spec:
  selector: {matchLabels: {app: backend}}
  rules:
    - from: [{source: {principals: ["cluster.local/ns/default/sa/${serviceAccount}"]}}]
`;

/** One meshed caller, one caller without a sidecar, one server, and the policies above. */
export async function createLoadProject(): Promise<Project & { readonly port: number }> {
  const port = await freePort();
  const project = createProject({
    "meshdev.yaml": `name: load
services:
  backend:
    run: [node, server.mjs]
    port: 8080
    publish: ${port}
  frontend:
    run: [node, caller.mjs]
    needs: [backend]
  outsider:
    run: [node, caller.mjs]
    sidecar: false
    needs: [backend]
mesh: ./mesh
`,
    "server.mjs": serverProgram,
    "caller.mjs": callerProgram,
    "mesh/peer.yaml": peerAuthentication("STRICT"),
    "mesh/allow.yaml": allowOnly("frontend"),
  });
  return { ...project, port };
}

export interface CallRecord {
  readonly n: number;
  readonly begun: number;
  readonly ended: number;
  readonly status: number;
  readonly body: string;
}

/** What a caller has printed so far, from `meshdev logs`. */
export async function callsOf(project: Project, service: string): Promise<readonly CallRecord[]> {
  const logs = await project.meshdev("logs", service, "--tail", "100000", "-o", "ndjson");
  return logs.stdout
    .split("\n")
    .filter((line) => line.includes('\\"begun\\"'))
    .map((line) => JSON.parse((JSON.parse(line) as { line: string }).line) as CallRecord);
}

import { createProject, type Project } from "../../e2e/support/project.ts";
import type { Call } from "./saves.ts";

const server = `
import { createServer } from "node:http";
import { createServer as createTcp } from "node:net";
createServer((request, response) => response.end("ok")).listen(8080);
if (process.env.TCP) createTcp((socket) => socket.on("error", () => {}).on("data", (bytes) => socket.end(bytes))).listen(9100);
`;

/** Calls at random; a body is never sent, so that every request can be sent again. */
const caller = `
import { readFileSync } from "node:fs";
import { request } from "node:http";
import { connect } from "node:net";
const calls = JSON.parse(readFileSync(new URL("calls.json", import.meta.url), "utf8"));
const pick = (list) => list[Math.floor(Math.random() * list.length)];
function http() {
  const { method, path, headers } = pick(calls);
  const host = pick(["backend", "store"]);
  const sent = request({ host, port: 8080, method, path, headers: { ...headers, host: host + ":8080" } }, (answer) => answer.resume());
  sent.on("error", () => {});
  sent.end();
}
function tcp() {
  const socket = connect(9100, "backend").on("error", () => {});
  socket.on("data", () => {}).end("ping pong");
}
setInterval(http, Number(process.env.EVERY_MS));
setInterval(tcp, 10 * Number(process.env.EVERY_MS));
`;

/** Three callers with sidecars, one without, two servers, an authorizer. */
export function createFlipsProject(calls: readonly Call[], mesh: string): Project {
  const calling = (more = ""): string =>
    `{run: [node, caller.mjs], needs: [backend, store], env: {EVERY_MS: "40"}${more}}`;
  return createProject({
    "meshdev.yaml": `name: flips
services:
  backend:
    run: [node, server.mjs]
    env: {TCP: "1"}
    ports: [{name: http, port: 8080}, {name: tcp, port: 9100, protocol: tcp}]
  store: {run: [node, server.mjs], port: 8080}
  authz: {run: [node, server.mjs], port: 8080, sidecar: false}
  web: ${calling()}
  intruder: ${calling()}
  shop: ${calling()}
  outsider: ${calling(", sidecar: false")}
mesh: ./mesh
features: {PILOT_ENABLE_MULTIPLE_CUSTOM_AUTHZ_PROVIDERS: "true"}
meshConfig:
  pathNormalization: {normalization: DECODE_AND_MERGE_SLASHES}
  extensionProviders:
  - {name: authz, envoyExtAuthzHttp: {service: authz.default.svc.cluster.local, port: 8080}}
  - {name: nowhere, envoyExtAuthzHttp: {service: gone.default.svc.cluster.local, port: 8080}}
`,
    "server.mjs": server,
    "caller.mjs": caller,
    "calls.json": JSON.stringify(calls),
    "mesh/all.yaml": mesh,
  });
}

import { joinIndex, joinKey } from "../field-path.ts";
import { isRecord } from "../yaml-tree.ts";
import { translateBuild } from "./build.ts";
import type { Draft } from "./draft.ts";
import { idleKeys, ignoredKeys, meshServiceKeys, refusedKeys, sameKeys, translatedKeys } from "./keys.ts";
import { translateMounts } from "./mounts.ts";
import { translateNeeds } from "./needs.ts";
import { translatePorts } from "./ports.ts";
import { scalarText } from "./scalar-text.ts";
import { unknownKey } from "./unknown-key.ts";

type Fields = Readonly<Record<string, unknown>>;

/** What a service may refer to in the rest of its file. */
export interface ComposeFile {
  readonly services: Readonly<Record<string, Fields>>;
  readonly secrets: Fields;
  readonly configs: Fields;
  /** Variables that `environment` names without a value. */
  readonly env: Readonly<Record<string, string>>;
}

/** Only a container has these; a service with `x-mesh.run` is a process. */
const containerKeys = [
  "image",
  "entrypoint",
  "command",
  "user",
  "working_dir",
  "tty",
  "mem_limit",
  "cpus",
  "pull_policy",
];

/** Writes one service of a compose file as one of a project file. */
export function translateService(key: string, service: Fields, file: ComposeFile, draft: Draft): void {
  const at = joinKey("services", key);
  const mesh = isRecord(service["x-mesh"]) ? service["x-mesh"] : {};
  const isProcess = mesh["run"] !== undefined;
  draft.origin(at, at);
  checkKeys(key, service, at, draft);
  refuse(key, service, at, draft);
  for (const name of sameKeys) {
    if (isProcess && containerKeys.includes(name)) continue;
    const value = service[name] ?? undefined;
    draft.set(at, name, name === "restart" ? restartOf(value) : value, joinKey(at, name));
  }
  if (!isProcess) {
    translateBuild(service["build"], at, key, draft);
    translateMounts(service, at, key, file, draft);
    translateHealthcheck(service["healthcheck"], at, key, draft);
  }
  translateEnvironment(service["environment"], at, file.env, draft);
  translateNeeds(service["depends_on"], at, key, file, draft);
  translateDeploy(service, at, key, isProcess, draft);
  translateDevelop(service["develop"], at, key, draft);
  translatePortsOf(service, mesh, at, draft);
  for (const name of meshServiceKeys) if (name !== "protocol") draft.set(at, name, mesh[name], `${at}.x-mesh.${name}`);
}

function checkKeys(service: string, fields: Fields, at: string, draft: Draft): void {
  const known = [...sameKeys, ...translatedKeys, ...idleKeys, ...Object.keys(ignoredKeys), ...Object.keys(refusedKeys)];
  for (const [name, value] of Object.entries(fields)) {
    const from = joinKey(at, name);
    const ignored = Object.hasOwn(ignoredKeys, name) ? ignoredKeys[name] : undefined;
    if (ignored !== undefined && value !== null) draft.note(from, service, ignored);
    else if (!known.includes(name) && !name.startsWith("x-")) unknownKey(from, name, known, draft);
  }
  const mesh = fields["x-mesh"];
  for (const name of Object.keys(isRecord(mesh) ? mesh : {}))
    if (!meshServiceKeys.includes(name)) unknownKey(`${at}.x-mesh.${name}`, name, meshServiceKeys, draft);
}

function refuse(service: string, fields: Fields, at: string, draft: Draft): void {
  for (const [name, isRefused] of Object.entries(refusedKeys)) {
    const value = fields[name];
    if (value === undefined || value === null || !isRefused(scalarText(value))) continue;
    draft.problem(joinKey(at, name), {
      code: "MD2037",
      message: `${service} asks for ${name}: ${scalarText(value)}, with which it would pass its sidecar by`,
      hint: `remove ${name}, or run the service outside of the mesh`,
    });
  }
}

function restartOf(value: unknown): unknown {
  // Nothing here outlives the mesh, so nobody stopped it before.
  return value === "unless-stopped" ? "always" : value;
}

function translateEnvironment(value: unknown, at: string, env: Readonly<Record<string, string>>, draft: Draft): void {
  const from = `${at}.environment`;
  const variables: Record<string, unknown> = {};
  const add = (name: string, said: unknown, place: string): void => {
    const found = said ?? (Object.hasOwn(env, name) ? env[name] : undefined);
    if (found === undefined) return;
    variables[name] = found;
    draft.origin(joinKey(`${at}.env`, name), place);
  };
  if (Array.isArray(value))
    for (const [index, item] of value.entries()) {
      const text = scalarText(item);
      const cut = text.indexOf("=");
      add(cut === -1 ? text : text.slice(0, cut), cut === -1 ? undefined : text.slice(cut + 1), joinIndex(from, index));
    }
  else if (isRecord(value)) for (const [name, said] of Object.entries(value)) add(name, said, joinKey(from, name));
  else if (value !== undefined && value !== null)
    draft.problem(from, { code: "MD1003", message: `${from} must be a map, or a list of NAME=value` });
  if (Object.keys(variables).length > 0) draft.set(at, "env", variables, from);
}

function translateHealthcheck(value: unknown, at: string, service: string, draft: Draft): void {
  if (!isRecord(value)) {
    draft.set(at, "healthcheck", value, `${at}.healthcheck`);
    return;
  }
  const { start_interval: skipped, ...rest } = value;
  if (skipped !== undefined)
    draft.note(
      `${at}.healthcheck.start_interval`,
      service,
      "start_interval is not obeyed: interval counts from the start",
      "info",
    );
  draft.set(at, "healthcheck", rest, `${at}.healthcheck`);
}

/** `deploy.replicas`, `deploy.resources.limits`, `scale`. */
function translateDeploy(service: Fields, at: string, key: string, isProcess: boolean, draft: Draft): void {
  draft.set(at, "instances", service["scale"], `${at}.scale`);
  const deploy = isRecord(service["deploy"]) ? service["deploy"] : {};
  for (const [name, value] of Object.entries(deploy)) {
    const from = `${at}.deploy.${name}`;
    if (name === "replicas") draft.set(at, "instances", value, from);
    else if (name !== "resources") draft.note(from, key, `deploy.${name} is not obeyed`, "info");
  }
  const resources = isRecord(deploy["resources"]) ? deploy["resources"] : {};
  const limits = isRecord(resources["limits"]) ? resources["limits"] : {};
  if (isProcess) return;
  draft.set(at, "mem_limit", limits["memory"], `${at}.deploy.resources.limits.memory`);
  draft.set(at, "cpus", limits["cpus"], `${at}.deploy.resources.limits.cpus`);
}

/** Rules of `develop.watch` that start a service again; files are not copied into containers. */
function translateDevelop(value: unknown, at: string, service: string, draft: Draft): void {
  const rules: unknown = isRecord(value) ? value["watch"] : undefined;
  const from = `${at}.develop.watch`;
  const paths: string[] = [];
  const ignored: string[] = [];
  for (const [index, rule] of (Array.isArray(rules) ? rules : []).entries()) {
    const place = joinIndex(from, index);
    if (!isRecord(rule) || typeof rule["path"] !== "string") {
      draft.problem(place, { code: "MD1003", message: "a rule of develop.watch needs a path and an action" });
      continue;
    }
    if (rule["action"] === "sync") {
      draft.note(place, service, "develop.watch: sync copies nothing here; mount the folder, or use sync+restart");
      continue;
    }
    const path = rule["path"].replace(/^\.\//, "").replace(/\/+$/, "");
    paths.push(path === "" || path === "." ? "**" : /\.[^/]+$/.test(path) ? path : `${path}/**`);
    for (const glob of Array.isArray(rule["ignore"]) ? rule["ignore"] : [])
      ignored.push(`**/${scalarText(glob).replace(/\/+$/, "")}`);
  }
  if (paths.length > 0) draft.set(at, "watch", { paths, ...(ignored.length === 0 ? {} : { ignore: ignored }) }, from);
}

function translatePortsOf(service: Fields, mesh: Fields, at: string, draft: Draft): void {
  const protocol = typeof mesh["protocol"] === "string" ? mesh["protocol"] : undefined;
  const { ports, publish, portOrigins, publishOrigins } = translatePorts(service, at, protocol, draft);
  const hasOwn = mesh["port"] !== undefined || mesh["ports"] !== undefined;
  if (!hasOwn) draft.set(at, "ports", ports, `${at}.ports`);
  draft.set(at, "publish", publish, `${at}.ports`);
  if (!hasOwn) for (const [index, from] of portOrigins.entries()) draft.origin(joinIndex(`${at}.ports`, index), from);
  for (const [index, from] of publishOrigins.entries()) draft.origin(joinIndex(`${at}.publish`, index), from);
}

import { joinKey } from "../field-path.ts";
import type { ProjectTree } from "../project-merge.ts";
import { isRecord } from "../yaml-tree.ts";
import { createDraft, type Draft } from "./draft.ts";
import { extendServices } from "./extends.ts";
import { fileKeys, meshFileKeys } from "./keys.ts";
import { type ComposeFile, translateService } from "./service.ts";
import { unknownKey } from "./unknown-key.ts";
import { escaped, withVariables } from "./variables.ts";

type Fields = Readonly<Record<string, unknown>>;

/** Keys of services by which a file with an unusual name gives itself away. */
const tellingKeys = ["environment", "depends_on", "container_name", "networks", "expose", "deploy", "x-mesh"];

/** Whether a file is one of Compose: by its name, else by what its services say. */
export function isComposeFile(path: string, value: unknown): boolean {
  const name = path.split(/[\\/]/).at(-1) ?? "";
  if (/^(?:docker-)?compose(?:[.-].*)?\.ya?ml$/.test(name) || /[.-]compose\.ya?ml$/.test(name)) return true;
  if (/^meshdev\b/.test(name) || !isRecord(value)) return false;
  return Object.values(fieldsOf(value["services"])).some(
    (service) => isRecord(service) && tellingKeys.some((key) => Object.hasOwn(service, key)),
  );
}

/**
 * A compose file as a project file would say it, each field with its place in the compose file. Everything that is not obeyed is said
 * once; what would let a program pass its sidecar by is refused.
 * @param env replaces variables, as Compose does, in all texts; without it they are left
 */
export function translateCompose(tree: ProjectTree, env: Readonly<Record<string, string>> | undefined): ProjectTree {
  const draft = createDraft(tree);
  const value = env === undefined ? tree.value : withVariables(tree.value, env, draft);
  const root = fieldsOf(value);
  const services = extendServices(servicesOf(root["services"], draft), draft);
  const file: ComposeFile = {
    services,
    secrets: fieldsOf(root["secrets"]),
    configs: fieldsOf(root["configs"]),
    env: env ?? {},
  };
  checkFile(root, draft);
  for (const [key, service] of Object.entries(services)) translateService(key, service, file, draft);
  const mesh = fieldsOf(root["x-mesh"]);
  const written: Record<string, unknown> = {
    ...(typeof root["name"] === "string" ? { name: nameOf(root["name"]) } : {}),
    services: Object.fromEntries(Object.keys(services).map((key) => [key, draft.entry(joinKey("services", key))])),
  };
  for (const key of meshFileKeys) {
    if (mesh[key] === undefined) continue;
    const target = key === "policies" ? "mesh" : key;
    written[target] = mesh[key];
    draft.origin(target, `x-mesh.${key}`);
  }
  return draft.finish(fieldsOf(env === undefined ? written : escaped(written)));
}

function servicesOf(value: unknown, draft: Draft): Readonly<Record<string, Fields>> {
  if (!isRecord(value)) {
    draft.problem("services", { code: "MD1003", message: "a compose file has a map of services" });
    return {};
  }
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, service]) => {
      if (isRecord(service)) return [[key, service] as const];
      draft.problem(joinKey("services", key), { code: "MD1003", message: `services.${key} must be a map` });
      return [];
    }),
  );
}

function checkFile(root: Fields, draft: Draft): void {
  for (const key of Object.keys(root))
    if (!fileKeys.includes(key) && !key.startsWith("x-")) unknownKey(key, key, fileKeys, draft);
  for (const key of Object.keys(fieldsOf(root["x-mesh"])))
    if (!meshFileKeys.includes(key)) unknownKey(`x-mesh.${key}`, key, meshFileKeys, draft);
  if (root["include"] !== undefined)
    draft.problem("include", {
      code: "MD2037",
      message: "include is not followed, and its services would be missing",
      hint: "name the files instead: `meshdev up -f compose.yaml -f other.yaml`",
    });
  for (const [name, volume] of Object.entries(fieldsOf(root["volumes"])))
    if (isRecord(volume) && Object.keys(volume).some((key) => key !== "labels" && !key.startsWith("x-")))
      draft.note(
        `volumes.${name}`,
        name,
        "volumes are local ones of this mesh: driver, external and name are not obeyed",
      );
  if (root["models"] !== undefined) draft.note("models", "", "models are not started");
}

/** Compose allows `_` in the name of a project. */
function nameOf(name: string): string {
  return name.toLowerCase().replaceAll("_", "-");
}

function fieldsOf(value: unknown): Fields {
  return isRecord(value) ? value : {};
}

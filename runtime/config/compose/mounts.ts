import { joinIndex } from "../field-path.ts";
import { isRecord } from "../yaml-tree.ts";
import type { Draft } from "./draft.ts";
import { scalarText } from "./scalar-text.ts";
import type { ComposeFile } from "./service.ts";

type Fields = Readonly<Record<string, unknown>>;

interface Mount {
  readonly value: unknown;
  readonly target: string;
  readonly from: string;
}

/** `volumes`, `tmpfs`, `secrets` and `configs` as one list of mounts; of two with one target the later counts. */
export function translateMounts(service: Fields, at: string, key: string, file: ComposeFile, draft: Draft): void {
  const mounts: Mount[] = [];
  const list = (name: string): readonly unknown[] => {
    const value = service[name];
    return Array.isArray(value) ? value : value === undefined || value === null ? [] : [value];
  };
  for (const [index, item] of list("volumes").entries()) {
    const from = joinIndex(`${at}.volumes`, index);
    const mount = readVolume(item, from, key, draft);
    if (mount !== undefined) mounts.push(mount);
  }
  for (const [index, item] of list("tmpfs").entries()) {
    const target = scalarText(item).split(":")[0] ?? "";
    mounts.push({ value: { type: "tmpfs", target }, target, from: joinIndex(`${at}.tmpfs`, index) });
  }
  for (const kind of ["secrets", "configs"] as const)
    for (const [index, item] of list(kind).entries()) {
      const mount = fileMount(kind, item, joinIndex(`${at}.${kind}`, index), key, file, draft);
      if (mount !== undefined) mounts.push(mount);
    }
  const unique = [...new Map(mounts.map((mount) => [mount.target, mount] as const)).values()];
  if (unique.length === 0) return;
  draft.set(
    at,
    "volumes",
    unique.map(({ value }) => value),
    `${at}.volumes`,
  );
  for (const [index, { from }] of unique.entries()) draft.origin(joinIndex(`${at}.volumes`, index), from);
}

const longKeys = ["type", "source", "target", "read_only"];
/** Whoever has it rules the machine, and every pod of the mesh with it. */
const engineSocket = /(?:^|\/)(?:docker|podman)\.sock(?::|$)/;

function readVolume(item: unknown, from: string, service: string, draft: Draft): Mount | undefined {
  if (isRecord(item)) {
    const { target, source } = item;
    if (isEngineSocket(scalarText(source), from, service, draft)) return undefined;
    const rest = Object.keys(item).filter((key) => !longKeys.includes(key));
    if (rest.length > 0) draft.note(from, service, `of a mount, ${rest.join(", ")} is not obeyed`, "info");
    const value = Object.fromEntries(Object.entries(item).filter(([key]) => longKeys.includes(key)));
    return { value, target: scalarText(target ?? from), from };
  }
  const text = scalarText(item);
  if (isEngineSocket(text, from, service, draft)) return undefined;
  const parts = text.split(":");
  return { value: item, target: parts[1] ?? parts[0] ?? "", from };
}

function isEngineSocket(source: string, from: string, service: string, draft: Draft): boolean {
  if (!engineSocket.test(source)) return false;
  draft.problem(from, {
    code: "MD2037",
    message: `${service} asks for the socket of the container engine, with which it could enter every pod of the mesh`,
    hint: "remove the mount, or run the service outside of the mesh",
  });
  return true;
}

/** A secret or config that is a file is mounted where Compose mounts it. */
function fileMount(
  kind: "secrets" | "configs",
  item: unknown,
  from: string,
  service: string,
  file: ComposeFile,
  draft: Draft,
): Mount | undefined {
  const name = isRecord(item) ? scalarText(item["source"]) : scalarText(item);
  const declared = file[kind][name];
  if (!isRecord(declared)) {
    draft.problem(from, { code: "MD1003", message: `there is no entry ${name} in ${kind}`, hint: `add it to ${kind}` });
    return undefined;
  }
  const source = declared["file"];
  if (typeof source !== "string") {
    draft.note(from, service, `of ${kind} only those with file are mounted`);
    return undefined;
  }
  const wanted = isRecord(item) && typeof item["target"] === "string" ? item["target"] : name;
  const target = wanted.startsWith("/") ? wanted : kind === "secrets" ? `/run/secrets/${wanted}` : `/${wanted}`;
  const path = /^[./~]/.test(source) ? source : `./${source}`;
  return { value: { type: "bind", source: path, target, read_only: true }, target, from };
}

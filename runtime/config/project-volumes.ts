import type { ContainerMount } from "../model/container.ts";
import { mountFields } from "./container-schema.ts";
import { joinIndex, joinKey } from "./field-path.ts";
import type { Reader } from "./project-reader.ts";
import { isRecord } from "./yaml-tree.ts";

/** Mounts of a container, in Compose's short and long forms; the sources of binds as written. */
export function parseVolumes(reader: Reader, value: unknown, field: string): readonly ContainerMount[] | undefined {
  if (value === undefined) return undefined;
  if (!Array.isArray(value)) {
    reader.wrong(field, `${field} must be a list`, "write `volumes: [./data:/data]`");
    return undefined;
  }
  return value.flatMap((item, index) => {
    const at = joinIndex(field, index);
    const mount = isRecord(item) ? longForm(reader, item, at) : shortForm(reader, item, at);
    if (mount !== undefined && !mount.target.startsWith("/") && !mount.target.includes("${"))
      reader.wrong(at, `${mount.target} is no absolute path in the container`, "begin it with /");
    return mount ?? [];
  });
}

/** `source:target[:options]` or `target`. */
function shortForm(reader: Reader, value: unknown, field: string): ContainerMount | undefined {
  const said = reader.text(field, value);
  if (said === undefined) return undefined;
  const [first = "", second, options = "", ...more] = splitOutsideVariables(said);
  if (second === undefined) return { kind: "volume", source: undefined, target: first, readOnly: false };
  const words = options.split(",");
  const unknown = words.find((word) => !/^(?:|rw|ro|z|Z|cached|delegated|consistent|nocopy)$/.test(word));
  if (more.length > 0 || unknown !== undefined) {
    reader.wrong(field, `${field}: ${said} is no mount`, "write source:target, and :ro when it is read only");
    return undefined;
  }
  return sourced(reader, field, first, second, words.includes("ro"));
}

function longForm(reader: Reader, value: Readonly<Record<string, unknown>>, field: string): ContainerMount | undefined {
  const said = reader.keys(field, Object.keys(mountFields), value);
  const at = (key: string): string => joinKey(field, key);
  const kind = reader.text(at("type"), said["type"]) ?? "volume";
  const target =
    reader.text(at("target"), said["target"]) ?? reader.missing(field, "target", "say where it is in the container");
  const source = reader.text(at("source"), said["source"]);
  const readOnly = reader.flag(at("read_only"), said["read_only"]) ?? false;
  switch (kind) {
    case "tmpfs":
      return { kind, target };
    case "files":
      return { kind, target, files: reader.strings(at("files"), said["files"]) };
    case "volume":
      return source === undefined
        ? { kind, source, target, readOnly }
        : sourced(reader, at("source"), source, target, readOnly);
    case "bind":
      if (source === undefined) reader.missing(field, "source", "say which folder of the machine is mounted");
      return { kind, source: source ?? "", target, readOnly };
    default:
      reader.wrong(at("type"), `${at("type")}: ${kind} is unknown`, "write bind, volume, tmpfs or files");
      return undefined;
  }
}

/** What begins like a path is one, as in Compose; anything else names a volume. */
function sourced(
  reader: Reader,
  field: string,
  source: string,
  target: string,
  readOnly: boolean,
): ContainerMount | undefined {
  if (/^(?:[./~]|[A-Za-z]:[\\/])/.test(source)) return { kind: "bind", source, target, readOnly };
  if (source.includes("${") || /^[A-Za-z0-9][A-Za-z0-9_.-]*$/.test(source))
    return { kind: "volume", source, target, readOnly };
  reader.wrong(field, `${source} is neither a path nor the name of a volume`, "begin a path with ./ or /");
  return undefined;
}

/** Colons inside of `${A:-b}` separate nothing. */
function splitOutsideVariables(text: string): readonly string[] {
  return text.split(/:(?![^{]*\})/);
}

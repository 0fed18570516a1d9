import { joinKey } from "../field-path.ts";
import { isRecord } from "../yaml-tree.ts";
import type { Draft } from "./draft.ts";
import { scalarText } from "./scalar-text.ts";

type Fields = Readonly<Record<string, unknown>>;

/** Services with what they extend beneath them; services of other files are refused. */
export function extendServices(
  services: Readonly<Record<string, Fields>>,
  draft: Draft,
): Readonly<Record<string, Fields>> {
  return Object.fromEntries(Object.entries(services).map(([key, service]) => [key, extended(key, service, [key])]));

  function extended(key: string, service: Fields, path: readonly string[]): Fields {
    const { extends: said, ...own } = service;
    if (said === undefined) return service;
    const from = joinKey(joinKey("services", key), "extends");
    const name = isRecord(said) ? said["service"] : said;
    if (isRecord(said) && said["file"] !== undefined) {
      draft.problem(from, {
        code: "MD2037",
        message: "extends reads no other file",
        hint: "name both files with -f, and extend the service by its name",
      });
      return own;
    }
    const base = typeof name === "string" && Object.hasOwn(services, name) ? services[name] : undefined;
    if (typeof name !== "string" || base === undefined || path.includes(name)) {
      draft.problem(from, {
        code: "MD1003",
        message:
          base === undefined
            ? `there is no service ${scalarText(name)} to extend`
            : `these extend each other in a circle: ${[...path, scalarText(name)].join(" → ")}`,
      });
      return own;
    }
    return merged(withoutOwnLinks(extended(name, base, [...path, name])), own);
  }
}

/** What Compose does not inherit. */
function withoutOwnLinks(service: Fields): Fields {
  return Object.fromEntries(Object.entries(service).filter(([key]) => key !== "depends_on" && key !== "links"));
}

function merged(base: Fields, over: Fields): Fields {
  const entries = new Map(Object.entries(base));
  for (const [key, value] of Object.entries(over)) {
    const known = entries.get(key);
    const replaces = ["command", "entrypoint", "healthcheck"].includes(key);
    if (!replaces && isRecord(known) && isRecord(value)) entries.set(key, merged(known, value));
    else if (!replaces && Array.isArray(known) && Array.isArray(value)) entries.set(key, [...known, ...value]);
    else entries.set(key, value);
  }
  return Object.fromEntries(entries);
}

import { joinIndex, joinKey } from "../field-path.ts";
import { isRecord } from "../yaml-tree.ts";
import type { Draft } from "./draft.ts";
import { buildKeys, idleBuildKeys, neededBuildKeys } from "./keys.ts";
import { scalarText } from "./scalar-text.ts";
import { unknownKey } from "./unknown-key.ts";

/** `build: ./folder`, or a map; what is not passed on and would build something else is refused. */
export function translateBuild(value: unknown, at: string, service: string, draft: Draft): void {
  const from = `${at}.build`;
  if (!isRecord(value)) {
    draft.set(at, "build", value ?? undefined, from);
    return;
  }
  const build: Record<string, unknown> = {};
  for (const [key, said] of Object.entries(value)) {
    const place = joinKey(from, key);
    if (neededBuildKeys.includes(key))
      draft.problem(place, {
        code: "MD2037",
        message: `${service}: build.${key} is not passed on, and without it another image would be built`,
        hint: "build the image yourself and name it with `image`",
      });
    else if (idleBuildKeys.includes(key)) draft.note(place, service, `build.${key} is not passed on`, "info");
    else if (buildKeys.includes(key))
      build[key] = key === "args" ? argumentsOf(said, place, `${at}.build.args`, draft) : said;
    else if (!key.startsWith("x-")) unknownKey(place, key, [...buildKeys, ...idleBuildKeys, ...neededBuildKeys], draft);
  }
  draft.set(at, "build", build, from);
}

function argumentsOf(value: unknown, from: string, path: string, draft: Draft): unknown {
  if (!Array.isArray(value)) return value;
  return Object.fromEntries(
    value.map((item, index) => {
      const text = scalarText(item);
      const cut = text.indexOf("=");
      const name = cut === -1 ? text : text.slice(0, cut);
      draft.origin(joinKey(path, name), joinIndex(from, index));
      return [name, cut === -1 ? "" : text.slice(cut + 1)];
    }),
  );
}

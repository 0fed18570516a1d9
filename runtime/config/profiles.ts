import type { Problem } from "../core/problem.ts";
import { joinIndex, joinKey } from "./field-path.ts";
import type { ProjectTree } from "./project-merge.ts";
import type { Reader } from "./project-reader.ts";
import { didYouMean } from "./suggestion.ts";
import { isRecord } from "./yaml-tree.ts";

/** What a profile sets beside the services that belong to it. */
export interface ProfileSpec {
  readonly name: string;
  readonly ui: "plain" | undefined;
  readonly watch: boolean | undefined;
}

/** JSON Schema of `profiles`, and where its known keys come from. */
export const profileFields = {
  ui: { enum: ["plain", "screen"], description: "plain: lines instead of the full-screen view." },
  watch: { type: "boolean", description: "false: files are not watched; nothing is reloaded or restarted." },
} as const;

export function parseProfiles(reader: Reader, value: unknown): readonly ProfileSpec[] {
  return Object.entries(reader.record("profiles", value)).flatMap(([name, said]) => {
    const at = joinKey("profiles", name);
    if (said !== null && !isRecord(said)) {
      reader.wrong(at, `${at} must be a map`, "write `{}`, or settings such as `{ ui: plain, watch: false }`");
      return [];
    }
    const { ui, watch } = reader.keys(at, Object.keys(profileFields), said ?? {});
    if (ui !== undefined && ui !== "plain" && ui !== "screen")
      reader.wrong(joinKey(at, "ui"), `${joinKey(at, "ui")} must be plain or screen`);
    return [{ name, ui: ui === "plain" ? ui : undefined, watch: reader.flag(joinKey(at, "watch"), watch) }];
  });
}

/** `profiles: [ci]` of a service, or one name. */
export function parseServiceProfiles(reader: Reader, value: unknown, field: string): readonly string[] | undefined {
  if (value === undefined) return undefined;
  if (!Array.isArray(value)) {
    const name = reader.text(field, value);
    return name === undefined ? [] : [name];
  }
  return value.flatMap((name, index) => reader.text(joinIndex(field, index), name) ?? []);
}

/** Whether a service of these profiles runs: one without any always does, `*` stands for all. */
export function isActive(profiles: readonly string[], active: readonly string[]): boolean {
  return profiles.length === 0 || active.includes("*") || profiles.some((name) => active.includes(name));
}

/** What the active profiles set; a later one wins. */
export function profileSettings(
  profiles: readonly ProfileSpec[],
  active: readonly string[],
): Pick<ProfileSpec, "ui" | "watch"> {
  const chosen = active.flatMap((name) => profiles.find((profile) => profile.name === name) ?? []);
  return {
    ui: chosen.findLast(({ ui }) => ui !== undefined)?.ui,
    watch: chosen.findLast(({ watch }) => watch !== undefined)?.watch,
  };
}

/** Active profiles that nothing belongs to: they change nothing, which is seldom meant. */
export function unknownProfiles(
  known: readonly string[],
  active: readonly string[],
  locate: ProjectTree["locate"],
): readonly Problem[] {
  return active
    .filter((name) => name !== "*" && !known.includes(name))
    .map((name) => {
      const hint = didYouMean(name, known) ?? (known.length === 0 ? undefined : `known are ${known.join(", ")}`);
      return {
        code: "MD2023",
        severity: "warning",
        message: `no service belongs to the profile ${name}`,
        ...(hint === undefined ? {} : { hint }),
        ...locate("profiles", "key"),
      };
    });
}

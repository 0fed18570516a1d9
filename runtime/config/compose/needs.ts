import { joinIndex, joinKey } from "../field-path.ts";
import { isRecord } from "../yaml-tree.ts";
import type { Draft } from "./draft.ts";
import { scalarText } from "./scalar-text.ts";
import type { ComposeFile } from "./service.ts";

const conditions: Readonly<Record<string, string>> = {
  service_started: "started",
  service_healthy: "ready",
  service_completed_successfully: "completed",
};

/** `depends_on`, a list or a map with conditions. */
export function translateNeeds(value: unknown, at: string, service: string, file: ComposeFile, draft: Draft): void {
  const from = `${at}.depends_on`;
  const needs: Record<string, string> = {};
  const add = (name: string, condition: string, place: string): void => {
    needs[name] = condition;
    draft.origin(joinKey(`${at}.needs`, name), place);
  };
  if (Array.isArray(value))
    for (const [index, name] of value.entries()) add(scalarText(name), "started", joinIndex(from, index));
  else if (isRecord(value))
    for (const [name, said] of Object.entries(value)) {
      const place = joinKey(from, name);
      const { condition = "service_started", required, restart } = isRecord(said) ? said : {};
      const meant =
        typeof condition === "string" && Object.hasOwn(conditions, condition) ? conditions[condition] : undefined;
      if (restart === true) draft.note(place, service, "depends_on: restart is not obeyed", "info");
      if (meant === undefined)
        draft.problem(place, {
          code: "MD1003",
          message: `${scalarText(condition)} is no condition`,
          hint: `write ${Object.keys(conditions).join(", ")}`,
        });
      else if (required !== false || Object.hasOwn(file.services, name)) add(name, meant, place);
    }
  else if (value !== undefined && value !== null)
    draft.problem(from, { code: "MD1003", message: `${from} must be a list or a map of services` });
  if (Object.keys(needs).length > 0) draft.set(at, "needs", needs, from);
}

import { completeFilter, type KnownNames } from "../../runtime/store/filter-completion.ts";
import { parseFilter, type FilterSetting } from "../../runtime/store/filter.ts";
import { sanitize } from "../print/sanitize.ts";
import { lineWidth, seg, type Line } from "../print/segment.ts";

/** The line where a filter is written: the character that is not understood marked and why, or what could come next. */
export function filterPrompt(draft: string, columns: number, setting: FilterSetting, known: KnownNames): Line {
  const label = seg(" filter: ", "info");
  const parsed = parseFilter(draft, setting);
  const { candidates } = completeFilter(draft, known);
  const typing = draft !== "" && candidates.length > 0 && candidates.length < 60;
  if (parsed.ok || (typing && parsed.at >= draft.length - 1)) {
    const hint =
      draft === ""
        ? "verdict:denied from:web path:/api/*   Tab completes, Enter with nothing clears it"
        : candidates.length > 0
          ? `Tab: ${candidates.join(" ")}`
          : "";
    const line = [label, seg(`${sanitize(draft)}_`)];
    const room = columns - lineWidth(line) - 3;
    const shown = hint.length <= room ? hint : room > 20 ? `${hint.slice(0, room - 1).replace(/\s\S*$/, "")} ...` : "";
    return [...line, seg(`  ${sanitize(shown)}`, "dim")];
  }
  const before = sanitize(draft.slice(0, parsed.at));
  const after = sanitize(draft.slice(parsed.at));
  return [label, seg(before), seg(after, "bad"), seg("_"), seg(`  ${sanitize(parsed.error)}`, "bad")];
}

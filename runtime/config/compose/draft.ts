import type { Problem } from "../../core/problem.ts";
import { joinKey } from "../field-path.ts";
import type { ProjectTree } from "../project-merge.ts";

/** A project that is written from a compose file: each field with the place that it comes from. */
export interface Draft {
  /** Writes a field of an entry; `from` is the field of the compose file. Undefined writes nothing. */
  readonly set: (entry: string, key: string, value: unknown, from: string) => void;
  /** Says where a deeper field comes from. */
  readonly origin: (path: string, from: string) => void;
  readonly problem: (from: string, problem: Pick<Problem, "code" | "message"> & Partial<Problem>, part?: "key") => void;
  /** Something that is not obeyed: said once, with the number of services. */
  readonly note: (from: string, service: string, message: string, severity?: Problem["severity"]) => void;
  readonly finish: (root: Readonly<Record<string, unknown>>) => ProjectTree;
  readonly entry: (entry: string) => Readonly<Record<string, unknown>>;
}

interface Note {
  readonly from: string;
  readonly severity: Problem["severity"];
  readonly services: Set<string>;
}

export function createDraft(tree: ProjectTree): Draft {
  const entries = new Map<string, Record<string, unknown>>();
  const origins = new Map<string, string>();
  const problems: Problem[] = [];
  const notes = new Map<string, Note>();
  const problem: Draft["problem"] = (from, said, part) => {
    problems.push({ severity: "error", ...tree.locate(from, part), field: from, ...said });
  };

  return {
    set: (entry, key, value, from) => {
      if (value === undefined) return;
      const known = entries.get(entry) ?? {};
      known[key] = value;
      entries.set(entry, known);
      origins.set(joinKey(entry, key), from);
    },
    origin: (path, from) => {
      origins.set(path, from);
    },
    problem,
    note: (from, service, message, severity = "warning") => {
      const known = notes.get(message) ?? { from, severity, services: new Set<string>() };
      known.services.add(service);
      notes.set(message, known);
    },
    entry: (entry) => entries.get(entry) ?? {},
    finish: (root) => ({
      value: root,
      at: tree.at,
      problems: [
        ...tree.problems,
        ...problems,
        ...Array.from(notes, ([message, { from, severity, services }]): Problem => ({
          code: "MD2036",
          severity,
          message: services.size < 2 ? message : `${message} (${services.size} services)`,
          ...tree.locate(from, "key"),
          field: from,
        })),
      ],
      locate: (path, part) => {
        for (let rest = path; rest !== ""; rest = parentOf(rest)) {
          const from = origins.get(rest);
          if (from !== undefined) return tree.locate(from + path.slice(rest.length), part);
        }
        return tree.locate(path, part);
      },
    }),
  };
}

function parentOf(path: string): string {
  const cut = Math.max(path.lastIndexOf("."), path.lastIndexOf("["));
  return cut <= 0 ? "" : path.slice(0, cut);
}

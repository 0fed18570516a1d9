import type { Problem } from "../../runtime/core/problem.ts";

const commands = { error: "error", warning: "warning", info: "notice" } as const;

/** A workflow command that GitHub Actions turns into an annotation of the line. */
export function githubLine(problem: Problem): string {
  const { at, severity, code, message, hint, resource } = problem;
  const properties = [
    ...(at === undefined ? [] : [`file=${property(at.file)}`, `line=${at.line}`, `col=${at.column}`]),
    `title=${property(resource === undefined ? code : `${code} ${resource}`)}`,
  ];
  return `::${commands[severity]} ${properties.join(",")}::${escaped(hint === undefined ? message : `${message}\n${hint}`)}`;
}

function escaped(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

function property(text: string): string {
  return escaped(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
}

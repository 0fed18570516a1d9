import type { Problem } from "../core/problem.ts";
import type { SourceFile } from "../core/source.ts";
import { isDnsLabel } from "./names.ts";
import { projectYaml } from "./resolved-project.ts";
import { excerptAt, positionAt, sourceText, type SourceText, type Span } from "./source-text.ts";
import type { YamlTree } from "./yaml-tree.ts";

/** One line of a Procfile as a service. */
interface Entry {
  readonly key: string;
  readonly command: string;
  readonly name: Span;
  readonly run: Span;
}

/** Ports as foreman allots them: 5000, 5100, … by line. */
const firstPort = 5000;
const portStep = 100;

/** `Procfile`, `Procfile.dev`. */
export function isProcfile(path: string): boolean {
  return /(?:^|[\\/])Procfile(?:\.[\w.-]+)?$/.test(path);
}

/**
 * A Procfile as a project file would say it. Each process has foreman's PORT. `web`, and whatever names PORT in its command, listens there: it
 * is a Service and has the same port on the host. The others have the variable only, as nothing says that they listen.
 */
export function procfileTree(file: SourceFile): { readonly tree: YamlTree; readonly problems: readonly Problem[] } {
  const source = sourceText(file);
  const { entries, problems } = readLines(source);
  const services = Object.fromEntries(entries.map((entry, index) => [entry.key, serviceOf(entry, index)]));
  const spans = new Map<string, Span>(
    entries.flatMap(({ key, name, run }) => [
      [`services.${key}`, name],
      [`services.${key}.run`, run],
    ]),
  );
  const at = { file: file.path, line: 1, column: 1 };
  const tree: YamlTree = {
    value: { services },
    positions: { file: file.path, at: {} },
    at,
    firstLine: 1,
    problems: [],
    tag: () => undefined,
    subtree: () => undefined,
    locate: (path, part) => {
      const [whole, service = ""] = /^(services\.[^.]*)(?:\..*)?$/.exec(path) ?? [];
      const span = (part === "key" ? undefined : spans.get(whole ?? "")) ?? spans.get(service);
      return span === undefined ? { at } : { at: positionAt(source, span[0]), excerpt: excerptAt(source, span) };
    },
  };
  return { tree, problems };
}

/** The project file that says the same as a Procfile. */
export function importProcfile(file: SourceFile): { readonly yaml: string; readonly problems: readonly Problem[] } {
  const { tree, problems } = procfileTree(file);
  return { yaml: projectYaml(tree.value), problems };
}

function serviceOf({ key, command }: Entry, index: number): Readonly<Record<string, unknown>> {
  const port = firstPort + portStep * index;
  const listens = key === "web" || /\$(?:PORT\b|\{PORT\b)/.test(command);
  return { run: command, ...(listens ? { port, publish: port } : { env: { PORT: String(port) } }) };
}

function readLines(source: SourceText): { readonly entries: readonly Entry[]; readonly problems: readonly Problem[] } {
  const entries: Entry[] = [];
  const problems: Problem[] = [];
  const wrong = (span: Span, message: string, hint: string): void => {
    problems.push({
      code: "MD1016",
      severity: "error",
      message,
      hint,
      at: positionAt(source, span[0]),
      excerpt: excerptAt(source, span),
    });
  };
  for (const [index, start] of source.lineStarts.entries()) {
    const line = source.text.slice(start, source.lineStarts[index + 1]).trimEnd();
    if (/^\s*(?:#|$)/.test(line)) continue;
    const [, name = "", gap = "", command = ""] = /^([\w-]+)(:\s*)(.*)$/.exec(line) ?? [];
    const span: Span = [start, start + (name === "" ? line.length : name.length)];
    const key = name.toLowerCase().replaceAll("_", "-");
    if (command === "") wrong(span, "a line must be `name: command`", "write a comment with #");
    else if (!isDnsLabel(key)) wrong(span, `${name} cannot be the name of a service`, "use letters, digits and -");
    else if (entries.some((entry) => entry.key === key)) wrong(span, `${key} is there already`, "rename one of them");
    else {
      const from = start + name.length + gap.length;
      entries.push({ key, command, name: span, run: [from, from + command.length] });
    }
  }
  return { entries, problems };
}

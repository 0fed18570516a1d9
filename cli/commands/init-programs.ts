import { basename, join, relative } from "node:path";

/** A program that was found, as a service of the project file. */
export interface FoundProgram {
  readonly key: string;
  readonly run: string;
  /** Relative to the project; undefined: the project folder itself. */
  readonly cwd: string | undefined;
  readonly port: number;
}

type ReadText = (path: string) => string | undefined;
type ListFolders = (path: string) => readonly string[];

/** Programs of a package.json and of its workspaces: those with a `start` or `dev` script. */
export function findPrograms(folder: string, readText: ReadText, listFolders: ListFolders): readonly FoundProgram[] {
  const root = readPackage(folder, readText);
  if (root === undefined) return [];
  const members = workspaceFolders(folder, root["workspaces"], listFolders);
  const found = members.flatMap((member) => toProgram(folder, member, readPackage(member, readText)));
  return found.length > 0 ? numberNames(found) : toProgram(folder, folder, root);
}

type PackageFile = Readonly<Record<string, unknown>>;

function readPackage(folder: string, readText: ReadText): PackageFile | undefined {
  try {
    const parsed: unknown = JSON.parse(readText(join(folder, "package.json")) ?? "null");
    return isRecord(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is PackageFile {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** `packages/*` and plain folders; other patterns are left to the user. */
function workspaceFolders(folder: string, workspaces: unknown, listFolders: ListFolders): readonly string[] {
  const patterns: readonly unknown[] = Array.isArray(workspaces)
    ? workspaces
    : isRecord(workspaces) && Array.isArray(workspaces["packages"])
      ? workspaces["packages"]
      : [];
  return patterns.flatMap((pattern) => {
    if (typeof pattern !== "string" || pattern.startsWith("!")) return [];
    if (pattern.endsWith("/*")) return listFolders(join(folder, pattern.slice(0, -2)));
    return pattern.includes("*") ? [] : [join(folder, pattern)];
  });
}

function toProgram(root: string, folder: string, file: PackageFile | undefined): readonly FoundProgram[] {
  const scripts = file?.["scripts"];
  if (file === undefined || !isRecord(scripts)) return [];
  const script = ["start", "dev"].find((name) => typeof scripts[name] === "string");
  if (script === undefined) return [];
  const name = typeof file["name"] === "string" ? file["name"] : basename(folder);
  return [
    {
      key: serviceName(name.slice(name.lastIndexOf("/") + 1)),
      run: script === "start" ? "npm start" : "npm run dev",
      cwd: folder === root ? undefined : relative(root, folder),
      port: portIn(String(scripts[script])) ?? 3000,
    },
  ];
}

/** A port that a script names: `--port 4000`, `-p 4000`, `PORT=4000`. */
function portIn(script: string): number | undefined {
  const match = /(?:--port[= ]|-p |\bPORT=)(\d{2,5})\b/.exec(script);
  return match === null ? undefined : Number(match[1]);
}

/** Names may meet when scopes differ: the second gets a number. */
function numberNames(programs: readonly FoundProgram[]): readonly FoundProgram[] {
  const seen = new Map<string, number>();
  return programs.map((program) => {
    const count = (seen.get(program.key) ?? 0) + 1;
    seen.set(program.key, count);
    return count === 1 ? program : { ...program, key: `${program.key}-${count}` };
  });
}

/** A name that Kubernetes accepts for a Service. */
export function serviceName(text: string): string {
  const name = text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^[^a-z]+|-+$/g, "")
    .slice(0, 50);
  return name === "" ? "app" : name;
}

/** The entries below `services:`. */
export function servicesYaml(programs: readonly FoundProgram[]): string {
  if (programs.length === 0)
    return ["  {}", "  # web:", "  #   run: node server.mjs", "  #   port: 8080", "  #   publish: 3000"].join("\n");
  return programs
    .map(({ key, run, cwd, port }) =>
      [
        `  ${key}:`,
        `    run: ${run}`,
        ...(cwd === undefined ? [] : [`    cwd: ${JSON.stringify(cwd)}`]),
        `    port: ${port}`,
      ].join("\n"),
    )
    .join("\n");
}

import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";
import { MeshError } from "../../runtime/core/error.ts";
import type { ColorChoice, Context } from "../context.ts";
import { exitCodes } from "../exit-code.ts";
import { readPackageInfo } from "../package-info.ts";
import { createPrinter } from "../print/printer.ts";
import { sanitize } from "../print/sanitize.ts";
import { seg, type Line } from "../print/segment.ts";
import { openDoor } from "../door.ts";
import { findPrograms, servicesYaml, serviceName } from "./init-programs.ts";

export interface InitOptions {
  readonly directory?: string;
  readonly dryRun?: boolean;
  readonly color: ColorChoice;
}

const schemaFile = ".meshdev/project.schema.json";

/** Writes a first project from what is there. Files that exist stay untouched. */
export async function init(options: InitOptions, context: Context): Promise<number> {
  const folder = resolve(context.cwd, options.directory ?? ".");
  const existing = ["meshdev.yaml", "meshdev.yml"].find((name) => existsSync(join(folder, name)));
  if (existing !== undefined) {
    throw new MeshError("MD8006", `${join(folder, existing)} exists already`, {
      hint: "Edit it; `meshdev check` says what is wrong with it.",
    });
  }
  const programs = findPrograms(folder, readText, listFolders);
  const procfile = programs.length > 0 ? undefined : await servicesOfProcfile(folder);
  const values = {
    name: serviceName(basename(folder)),
    services: procfile ?? servicesYaml(programs),
    schema: `./${schemaFile}`,
  };
  const templates = join(readPackageInfo().root, "templates", "init");
  const schema = await (await openDoor()).schema("project");
  const files: readonly (readonly [string, string])[] = [
    ...readTree(templates).map((path) => [path, fill(readFileSync(join(templates, path), "utf8"), values)] as const),
    [schemaFile, `${JSON.stringify(schema, undefined, 2)}\n`],
    [".meshdev/.gitignore", "*\n"],
    // What is laid over the project file is a person's own.
    [".gitignore", "meshdev.local.yaml\n"],
  ];
  const lines: Line[] = [];
  for (const [path, text] of files) {
    const full = join(folder, path);
    const isThere = existsSync(full);
    lines.push([
      seg(isThere ? "kept   " : options.dryRun === true ? "would write " : "wrote  ", isThere ? "dim" : "good"),
      seg(sanitize(relative(context.cwd, full))),
    ]);
    if (isThere || options.dryRun === true) continue;
    mkdirSync(dirname(full), { recursive: true });
    writeFileSync(full, text, { flag: "wx" });
  }
  lines.push([
    seg(
      programs.length === 0 && procfile === undefined
        ? "no program was found: add yours to meshdev.yaml, then `meshdev up`"
        : "look at meshdev.yaml, then `meshdev up`",
      "dim",
    ),
  ]);
  createPrinter(context, options.color).lines(lines);
  return exitCodes.ok;
}

/** The entries below `services:` that a Procfile means; undefined when there is none that can be read. */
async function servicesOfProcfile(folder: string): Promise<string | undefined> {
  const text = readText(join(folder, "Procfile"));
  if (text === undefined) return undefined;
  const { yaml, problems } = await (await openDoor()).importProcfile({ path: "Procfile", text });
  const isUsable = problems.length === 0 && yaml.startsWith("services:\n");
  return isUsable ? yaml.replace(/^services:\n/, "").trimEnd() : undefined;
}

function fill(text: string, values: Readonly<Record<string, string>>): string {
  return text.replace(/\{\{(\w+)\}\}/g, (whole, name: string) => values[name] ?? whole);
}

function readTree(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .toSorted();
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

function listFolders(path: string): readonly string[] {
  try {
    return readdirSync(path, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => join(path, entry.name))
      .toSorted();
  } catch {
    return [];
  }
}

import { readdirSync, readFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { dirname, join, relative, resolve } from "node:path";
import { describe, expect, it } from "vitest";

/** Who may import whom: docs/architecture.md shows the same table as a picture. A folder may always import itself. */
const runtime = {
  core: [],
  model: ["core"],
  wire: ["core", "model"],
  config: ["core", "model", "wire"],
  analysis: ["core", "model", "config"],
  policy: ["core", "model", "wire"],
  traffic: ["core", "model", "wire"],
  identity: ["core", "model", "wire"],
  store: ["core", "model", "wire"],
  compile: ["core", "model", "wire", "policy", "traffic"],
  flips: ["core", "model", "wire", "policy", "traffic"],
  predict: ["core", "model", "wire", "policy", "traffic", "identity", "compile"],
  suite: ["core", "model", "wire", "config", "policy", "compile", "predict", "access"],
  access: ["core", "model", "policy"],
  suggest: ["core", "model", "config", "policy", "compile", "predict", "access"],
  proxy: ["core", "model", "wire", "policy", "traffic", "identity"],
  workload: ["core", "model"],
  control: [
    "core",
    "model",
    "wire",
    "config",
    "analysis",
    "policy",
    "traffic",
    "identity",
    "store",
    "compile",
    "flips",
    "predict",
    "access",
    "workload",
  ],
  host: ["core", "model", "config", "identity", "workload"],
  probe: ["core", "model", "wire", "identity", "proxy", "control", "host", "store"],
  live: ["core", "model", "wire", "identity", "compile", "predict", "suite", "proxy", "control", "host"],
} as const satisfies Record<string, readonly string[]>;

/** Third-party packages, and the only folder that may import each. */
const packages: Readonly<Record<string, readonly string[]>> = {
  yaml: ["runtime/config"],
  re2js: ["runtime/config", "runtime/policy", "runtime/traffic"],
  "@marcbachmann/cel-js": ["runtime/config"],
  "ipaddr.js": ["runtime/policy"],
  protobufjs: ["runtime/wire"],
  "@peculiar/x509": ["runtime/identity"],
  "reflect-metadata": ["runtime/identity"],
  execa: ["runtime/host"],
  chokidar: ["runtime/host"],
  dockerode: ["runtime/host"],
  "dns-packet": ["runtime/proxy"],
  commander: ["cli"],
  ink: ["cli/tui"],
  react: ["cli/tui"],
  diff: ["runtime/suggest"],
  "string-width": ["cli/print"],
};

/** Folders without effects: no clock, no environment, no sockets. */
const pure = [
  "core",
  "model",
  "wire",
  "config",
  "analysis",
  "policy",
  "traffic",
  "identity",
  "store",
  "compile",
  "flips",
  "predict",
  "suite",
  "access",
  "suggest",
];
const allowedNodeModules: Readonly<Record<string, readonly string[]>> = {
  // Loads a parser when it is needed.
  config: ["node:module"],
  identity: ["node:crypto"],
  compile: ["node:crypto"],
  traffic: ["node:crypto"],
  policy: ["node:net", "node:crypto"],
};

const root = resolve(import.meta.dirname, "..");

interface Import {
  readonly file: string;
  readonly target: string;
}

function sources(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(ts|tsx|cjs)$/.test(entry.name))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)));
}

function importsOf(file: string): Import[] {
  const text = readFileSync(join(root, file), "utf8");
  const pattern =
    /(?:^|\n)\s*(?:import|export)[^'"]*?from\s+["']([^"']+)["']|import\(\s*["']([^"']+)["']\s*\)|(?:^|\n)import\s+["']([^"']+)["']/g;
  return [...text.matchAll(pattern)].map((match) => {
    const specifier = match[1] ?? match[2] ?? match[3] ?? "";
    const target = specifier.startsWith(".") ? relative(root, resolve(root, dirname(file), specifier)) : specifier;
    return { file, target };
  });
}

const all = [...sources("runtime"), ...sources("cli")].flatMap(importsOf);

function runtimeFolder(path: string): string | undefined {
  const [top, folder, rest] = path.split("/");
  return top === "runtime" && rest !== undefined ? folder : undefined;
}

describe("import directions", () => {
  it("finds imports at all", () => {
    expect(all.length).toBeGreaterThan(100);
  });

  it("runtime folders import only what the table allows", () => {
    const table: Readonly<Record<string, readonly string[]>> = runtime;
    const violations = all.filter(({ file, target }) => {
      const from = runtimeFolder(file);
      if (from === undefined || !target.startsWith("runtime/")) return false;
      const to = runtimeFolder(target);
      return to === undefined || (to !== from && table[from]?.includes(to) !== true);
    });
    expect(violations).toEqual([]);
  });

  it("runtime never imports the command line, and the command line enters runtime by its door", () => {
    const open = ["runtime/core", "runtime/model", "runtime/store"];
    const violations = all.filter(({ file, target }) => {
      if (file.startsWith("runtime/")) return target.startsWith("cli/");
      if (!target.startsWith("runtime/")) return false;
      return target !== "runtime/index.ts" && !open.some((folder) => target.startsWith(`${folder}/`));
    });
    expect(violations).toEqual([]);
  });

  it("each package is imported by one folder", () => {
    const violations = all.filter(({ file, target }) => {
      if (isBuiltin(target) || /^(runtime|cli)\//.test(target)) return false;
      const name = target
        .split("/")
        .slice(0, target.startsWith("@") ? 2 : 1)
        .join("/");
      return packages[name]?.some((folder) => file.startsWith(`${folder}/`)) !== true;
    });
    expect(violations).toEqual([]);
  });

  it("pure folders stay pure", () => {
    const modules = all.filter(({ file, target }) => {
      const folder = runtimeFolder(file);
      if (folder === undefined || !pure.includes(folder) || !target.startsWith("node:")) return false;
      return allowedNodeModules[folder]?.includes(target) !== true;
    });
    expect(modules).toEqual([]);
    const effects = sources("runtime").filter((file) => {
      const folder = runtimeFolder(file);
      if (folder === undefined || !pure.includes(folder) || file === "runtime/core/clock.ts") return false;
      const code = readFileSync(join(root, file), "utf8").replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*|"(?:[^"\\]|\\.)*"/g, "");
      return /\b(Date\.now|new Date\(\)|Math\.random|setTimeout|setInterval|process\.)/.test(code);
    });
    expect(effects).toEqual([]);
  });
});

// Makes a checkout runnable with nothing but Node >= 20 and npm: installs what the lock file says, then builds.
// What follows in the same npm script names node_modules/.bin/node: a shell may remember where it found `node` before.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const bin = join(root, "node_modules", ".bin");

/** Whether node_modules holds exactly what package-lock.json asks for. */
function isInstalled() {
  const installed = join(root, "node_modules", ".package-lock.json");
  if (!existsSync(installed) || !existsSync(join(bin, "node"))) return false;
  const wanted = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")).packages;
  const present = JSON.parse(readFileSync(installed, "utf8")).packages;
  return Object.entries(wanted).every(
    ([path, { version, optional }]) => path === "" || optional === true || present[path]?.version === version,
  );
}

function run(command, args, options = {}) {
  const result = spawnSync(command, args, { cwd: root, stdio: ["ignore", process.stderr.fd, "inherit"], ...options });
  if (result.error !== undefined) throw result.error;
  return result.status ?? 1;
}

const [major] = process.versions.node.split(".").map(Number);
if (major < 20) {
  console.error(`meshdev needs Node 20 or newer to install itself; this is ${process.version}.`);
  process.exit(8);
}

if (!isInstalled()) {
  console.error("installing dependencies ...");
  const status = run("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"], {
    shell: process.platform === "win32",
  });
  if (status !== 0) process.exit(status);
}

const pinned = spawnSync(join(bin, "node"), ["-v"], { encoding: "utf8" });
if (pinned.status !== 0) {
  console.error(
    "The pinned Node (dev dependency `node`) is not usable: npm may have held back its install script.\n" +
      "Run `npm rebuild node`, then try again.",
  );
  process.exit(8);
}

rmSync(join(root, "dist"), { recursive: true, force: true });
process.exit(run(join(bin, "tsc"), ["-p", "tsconfig.build.json"]));

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { MeshError } from "../../core/error.ts";
import { findExecutable } from "../find-executable.ts";
import type { PodEngine } from "../containers/engine.ts";

/**
 * The image of pause and sidecar, made of files of this machine and of no registry: the running Node, nft, a static busybox, and the libraries
 * that they load. It is made again when one of these changes.
 */
export async function runtimeImage(
  { images }: Pick<PodEngine, "images">,
  path: string | undefined,
  onLine: (line: string) => void,
): Promise<string> {
  const tools = { node: process.execPath, nft: find("nft", path), busybox: find("busybox", path) };
  const files = new Set(Object.values(tools).flatMap((file) => [file, ...librariesOf(file)]));
  const facts = [...files].map((file) => {
    const { size, mtimeMs } = statSync(file);
    return `${file} ${size} ${mtimeMs}`;
  });
  const tag = `meshdev/runtime:${createHash("sha256").update(facts.join("\n")).digest("hex").slice(0, 12)}`;
  if ((await images.inspect(tag)) !== undefined) return tag;
  const context = mkdtempSync(join(tmpdir(), "meshdev-image-"));
  try {
    fill(context, tools);
    await images.build(
      {
        tag,
        context,
        dockerfile: "Dockerfile",
        args: {},
        target: undefined,
        labels: { "dev.meshdev.image": "runtime" },
      },
      onLine,
    );
    return tag;
  } finally {
    rmSync(context, { recursive: true, force: true });
  }
}

const applets = ["sh", "ip", "sleep", "touch", "cat"];

function fill(context: string, tools: { readonly node: string; readonly nft: string; readonly busybox: string }): void {
  const root = join(context, "root");
  for (const folder of ["bin", "tmp", "mesh", "meshdev", "etc", "proc", "sys", "dev"])
    mkdirSync(join(root, folder), { recursive: true, mode: 0o755 });
  for (const [name, file] of Object.entries(tools)) {
    copyFileSync(file, join(root, "bin", name));
    for (const library of librariesOf(file)) {
      mkdirSync(join(root, dirname(library)), { recursive: true, mode: 0o755 });
      copyFileSync(realpathSync(library), join(root, library));
    }
  }
  for (const applet of applets) symlinkSync("busybox", join(root, "bin", applet));
  writeFileSync(join(context, "Dockerfile"), "FROM scratch\nCOPY root/ /\nENV PATH=/bin\n");
}

/** Absolute paths of what the dynamic linker loads for a program; none for a static one. */
function librariesOf(file: string): readonly string[] {
  try {
    const text = execFileSync("ldd", [file], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
    return [...text.matchAll(/(?:=> |^\s*)(\/\S+)/gm)].flatMap(([, path]) => path ?? []);
  } catch {
    return [];
  }
}

function find(name: string, path: string | undefined): string {
  try {
    return findExecutable(name, "/", `${path ?? ""}:/usr/sbin:/sbin:/usr/bin:/bin`);
  } catch {
    throw new MeshError("MD6020", `containers need ${name} on this machine`, {
      hint: "install nftables and busybox-static (names as in Debian)",
    });
  }
}

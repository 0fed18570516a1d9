import { execa } from "execa";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { MeshError } from "../core/error.ts";

/** The YAML and JSON files of a git revision in a folder of their own, which goes away with `using`. */
export interface RevisionFiles extends Disposable {
  /** Where the asked folder stands among them. */
  readonly directory: string;
}

const pattern = /\.(yaml|yml|json)$/i;
const isFile = /^100(644|755) blob /;

/**
 * Reads a revision without touching the working tree or the index. `directory`: a folder of the repository; a revision that begins
 * with a dash is none. @throws MeshError MD8011
 */
export async function readRevision(directory: string, revision: string): Promise<RevisionFiles> {
  const root = (await git(directory, ["rev-parse", "--show-toplevel"])).toString("utf8").trim();
  const commit = await commitOf(directory, revision);
  const listing = await git(root, ["ls-tree", "-r", "-z", "--full-tree", commit]);
  const entries = listing
    .toString("utf8")
    .split("\0")
    .flatMap((line) => {
      const [head = "", path = ""] = line.split("\t");
      const [, , object = ""] = head.split(" ");
      return isFile.test(head) && pattern.test(path) ? [{ path, object }] : [];
    });
  const contents = await git(root, ["cat-file", "--batch"], entries.map(({ object }) => `${object}\n`).join(""));
  const folder = mkdtempSync(join(tmpdir(), "meshdev-revision-"));
  const remove = (): void => {
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    let at = 0;
    for (const { path } of entries) {
      const end = contents.indexOf(0x0a, at);
      const size = Number(contents.subarray(at, end).toString("latin1").split(" ")[2]);
      const file = join(folder, path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, contents.subarray(end + 1, end + 1 + size));
      at = end + 1 + size + 1;
    }
    const inside = join(folder, relative(root, realpathSync(directory)));
    mkdirSync(inside, { recursive: true });
    return { directory: inside, [Symbol.dispose]: remove };
  } catch (error) {
    remove();
    throw error;
  }
}

async function commitOf(directory: string, revision: string): Promise<string> {
  const answer = await git(directory, ["rev-parse", "--verify", "--end-of-options", `${revision}^{commit}`]);
  return answer.toString("utf8").trim();
}

async function git(directory: string, given: readonly string[], input = ""): Promise<Buffer> {
  try {
    const { stdout } = await execa("git", given, {
      cwd: directory,
      input,
      encoding: "buffer",
      maxBuffer: 512 * 1024 * 1024,
    });
    return Buffer.from(stdout);
  } catch (error) {
    const text = error instanceof Error && "stderr" in error ? textOf(error.stderr) : String(error);
    throw new MeshError("MD8011", `git cannot tell what it was asked: ${text.trim().split("\n")[0] ?? ""}`, {
      cause: error,
      hint: "Name a commit, a branch or a tag of the repository that holds the project, or a folder.",
    });
  }
}

function textOf(value: unknown): string {
  return value instanceof Uint8Array ? Buffer.from(value).toString("utf8") : String(value);
}

import { randomBytes } from "node:crypto";
import { chmodSync, chownSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { MeshError } from "../core/error.ts";
import type { Problem } from "../core/problem.ts";
import { projectKey } from "./session.ts";
import { codeOf, describe, type HostUser } from "./session-folder.ts";

/** File name → PEM text. */
export type CaFileSet = Readonly<Record<string, string>>;

export interface CaStore {
  /** Where the CA is, or would be. */
  readonly folder: string;
  /** The stored files, undefined when there are none; both with what went wrong. */
  readonly load: () => { readonly files: CaFileSet | undefined; readonly problems: readonly Problem[] };
  /** Stores all files or none. A failure is a problem and not an error: the mesh goes on with its CA in memory. */
  readonly save: (files: CaFileSet) => readonly Problem[];
}

/** The names a plug-in CA has in Istio. */
export const caFileNames = ["ca-cert.pem", "ca-key.pem", "cert-chain.pem", "root-cert.pem"] as const;

/** `$XDG_STATE_HOME/meshdev/<hash>/ca`: never below the project, so that no key is ever committed. */
export function caFolder(directory: string, env: NodeJS.ProcessEnv = process.env): string {
  const state = env["XDG_STATE_HOME"];
  const base = state !== undefined && state.startsWith("/") ? state : join(env["HOME"] ?? homedir(), ".local", "state");
  return join(base, "meshdev", projectKey(directory), "ca");
}

/** @param fresh ignores what is stored, once. */
export function openCaStore(folder: string, user: HostUser, fresh = false): CaStore {
  return {
    folder,
    load: () => {
      if (fresh) return { files: undefined, problems: [] };
      try {
        return { files: readAll(folder), problems: [] };
      } catch (error) {
        if (codeOf(error) === "ENOENT") return { files: undefined, problems: [] };
        return { files: undefined, problems: [storeProblem(folder, error)] };
      }
    },
    save: (files) => {
      try {
        replaceFolder(folder, files, user);
        return [];
      } catch (error) {
        return [storeProblem(folder, error)];
      }
    },
  };
}

/** The CA that `--ca DIR` names. @throws MeshError MD6005 */
export function readGivenCa(folder: string): CaFileSet {
  try {
    return readAll(folder);
  } catch (error) {
    throw new MeshError("MD6005", `the CA in ${folder} cannot be read: ${describe(error)}`, {
      hint: `it must hold ${caFileNames.join(", ")}`,
      cause: error,
    });
  }
}

function readAll(folder: string): CaFileSet {
  return Object.fromEntries(caFileNames.map((name) => [name, readFileSync(join(folder, name), "utf8")]));
}

/** Renaming a whole folder keeps certificate and key together, whatever fails in between. */
function replaceFolder(folder: string, files: CaFileSet, user: HostUser): void {
  const draft = `${folder}.${randomBytes(6).toString("hex")}`;
  mkdirSync(dirname(folder), { recursive: true, mode: 0o700 });
  try {
    mkdirSync(draft, { mode: 0o700 });
    for (const [name, text] of Object.entries(files)) writeFileSync(join(draft, name), text, { mode: 0o600 });
    if (user.owner !== undefined)
      giveAway(
        [dirname(dirname(folder)), dirname(folder), draft, ...Object.keys(files).map((name) => join(draft, name))],
        user.owner,
      );
    rmSync(folder, { recursive: true, force: true });
    renameSync(draft, folder);
    chmodSync(folder, 0o700);
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}

function giveAway(paths: readonly string[], owner: { readonly uid: number; readonly gid: number }): void {
  for (const path of paths) chownSync(path, owner.uid, owner.gid);
}

function storeProblem(folder: string, error: unknown): Problem {
  return {
    code: "MD6004",
    severity: "warning",
    message: `the CA in ${folder} cannot be used: ${describe(error)}; it lives in memory only`,
    hint: "free space or fix the permissions; the next start makes a new CA",
  };
}

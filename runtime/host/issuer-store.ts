import { randomBytes } from "node:crypto";
import { chownSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { MeshError } from "../core/error.ts";
import { createIssuerKey } from "../identity/issuer.ts";
import { caFolder } from "./ca-store.ts";
import { codeOf, currentUser, describe } from "./session-folder.ts";

/** Beside the CA of the project, never below the project itself. */
export function issuerFolder(directory: string, env: NodeJS.ProcessEnv = process.env): string {
  return join(dirname(caFolder(directory, env)), "issuer");
}

/** The key of the project's issuer, PEM; made when it is asked for the first time, by whoever comes first. @throws MeshError MD6010 */
export function issuerKey(folder: string): string {
  const file = join(folder, "key.pem");
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (codeOf(error) !== "ENOENT") throw refusal(folder, error);
  }
  try {
    return makeKey(folder, file);
  } catch (error) {
    throw refusal(folder, error);
  }
}

/** A link to a finished file cannot replace another: of two that come at once, both get the same key. */
function makeKey(folder: string, file: string): string {
  const draft = `${file}.${randomBytes(6).toString("hex")}`;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  try {
    writeFileSync(draft, createIssuerKey(), { mode: 0o600 });
    const { owner } = currentUser();
    if (owner !== undefined)
      for (const path of [dirname(dirname(folder)), dirname(folder), folder, draft])
        chownSync(path, owner.uid, owner.gid);
    try {
      linkSync(draft, file);
    } catch (error) {
      if (codeOf(error) !== "EEXIST") throw error;
    }
  } finally {
    rmSync(draft, { force: true });
  }
  return readFileSync(file, "utf8");
}

function refusal(folder: string, error: unknown): MeshError {
  return new MeshError("MD6010", `the key of the issuer in ${folder} cannot be used: ${describe(error)}`, {
    hint: "free space or fix the permissions",
    cause: error,
  });
}

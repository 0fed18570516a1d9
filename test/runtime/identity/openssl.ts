import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** The machine's `openssl`, an independent reader and maker of certificates. */
export const haveOpenssl: boolean = spawnSync("openssl", ["version"]).status === 0;

export function explainSkip(): void {
  if (!haveOpenssl) process.stdout.write("skipped: no openssl binary in PATH\n");
}

/** Runs openssl in a temporary folder that holds `files`, and returns what it printed. */
export function openssl(files: Readonly<Record<string, string>>, ...commands: readonly (readonly string[])[]): string {
  const folder = mkdtempSync(join(tmpdir(), "meshdev-openssl-"));
  try {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    let output = "";
    for (const command of commands) {
      output = execFileSync("openssl", command, { cwd: folder, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
    }
    return output;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

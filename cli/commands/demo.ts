import { accessSync, constants, cpSync, existsSync, mkdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { MeshError } from "../../runtime/core/error.ts";
import type { Context } from "../context.ts";
import { readPackageInfo } from "../package-info.ts";
import { createPrinter } from "../print/printer.ts";
import { sanitize } from "../print/sanitize.ts";
import { seg } from "../print/segment.ts";
import { runMesh, type UpOptions } from "./up.ts";

const sample = "frontend-backend";

/** Copies the sample to a folder that the user may edit, and runs it there. */
export async function demo(folder: string | undefined, options: UpOptions, context: Context): Promise<number> {
  const target =
    folder === undefined ? join(writableFolder(context.cwd), "meshdev-demo") : resolve(context.cwd, folder);
  const isThere = existsSync(join(target, "meshdev.yaml"));
  if (!isThere && existsSync(target)) {
    throw new MeshError("MD8006", `${target} exists and is not a demo`, {
      hint: "Name another folder: `meshdev demo ./somewhere`.",
    });
  }
  if (!isThere) {
    mkdirSync(target, { recursive: true });
    cpSync(join(readPackageInfo().root, "samples", sample), target, { recursive: true });
  }
  createPrinter(context, options.color).note([
    [
      seg(isThere ? "using the demo in " : "the demo is in "),
      seg(sanitize(target), "strong"),
      seg("; edit its mesh/*.yaml while it runs", "dim"),
    ],
  ]);
  return runMesh({ directory: target, chosen: {} }, [], options, context);
}

function writableFolder(cwd: string): string {
  try {
    accessSync(cwd, constants.W_OK);
    return cwd;
  } catch {
    return tmpdir();
  }
}

import { MeshError } from "../../runtime/core/error.ts";
import type { ColorChoice, Context } from "../context.ts";
import { openDoor } from "../door.ts";
import { exitCodes } from "../exit-code.ts";
import { createPrinter } from "../print/printer.ts";
import { sanitize } from "../print/sanitize.ts";
import { seg } from "../print/segment.ts";
import { requireOk, requireSession } from "../session.ts";

export interface RotateOptions {
  readonly directory?: string;
  readonly root?: boolean;
  /** `--no-overlap` makes it false. */
  readonly overlap: boolean;
  readonly color: ColorChoice;
}

/** New keys and certificates for the sidecars of some services, or for all; with a new root CA above them when asked for. */
export async function rotate(services: readonly string[], options: RotateOptions, context: Context): Promise<number> {
  const printer = createPrinter(context, options.color);
  const door = await openDoor();
  const session = await requireSession(door, context, options.directory);
  const client = await door.connect(session);
  if (options.root === true) {
    if (services.length > 0) throw new MeshError("MD8001", "--root is for the whole mesh: name no services");
    requireOk(await client.command({ type: "ca.rotate", overlap: options.overlap }));
    printer.note([[seg("replaced the root CA; every sidecar has a certificate of the new one")]]);
    return exitCodes.ok;
  }
  if (!options.overlap) throw new MeshError("MD8001", "--no-overlap is about roots: use it with --root");
  const { workloads } = await client.state();
  const named = (workload: (typeof workloads)[number]): boolean =>
    services.length === 0 || services.includes(workload.service) || services.includes(workload.id);
  const chosen = workloads.filter((workload) => workload.sidecar && named(workload));
  const unknown = services.find((name) => !workloads.some(({ id, service }) => id === name || service === name));
  if (unknown !== undefined) throw new MeshError("MD7006", `there is no service ${unknown}`);
  for (const { id } of chosen) requireOk(await client.command({ type: "svid.rotate", proxy: id }));
  printer.note([[seg("new certificates for "), seg(sanitize(chosen.map(({ id }) => id).join(", ")), "strong")]]);
  return exitCodes.ok;
}

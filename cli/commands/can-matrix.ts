import { MeshError } from "../../runtime/core/error.ts";
import type { ProxySnapshot } from "../../runtime/model/snapshot.ts";
import type { Context } from "../context.ts";
import { chooseProject, type ProjectOptions } from "../discovery.ts";
import { type Door, openDoor } from "../door.ts";
import { exitCodes } from "../exit-code.ts";
import { bareName } from "../options.ts";
import { matrixLines } from "../print/matrix.ts";
import { chosenOutput, createPrinter, type OutputOptions } from "../print/printer.ts";
import { seg } from "../print/segment.ts";
import { requireSession } from "../session.ts";
import { requireMesh } from "../valid-mesh.ts";

export interface MatrixOptions extends ProjectOptions, OutputOptions {
  readonly namespace?: string;
  /** Service port. */
  readonly port?: number;
  /** Questions about a single call. */
  readonly expect?: unknown;
  readonly header?: unknown;
  readonly jwt?: unknown;
  readonly claim?: unknown;
  readonly tcp?: unknown;
  readonly tls?: unknown;
  /** What the sidecars of the running mesh obey, not what the files say. */
  readonly live?: boolean;
}

/** Who may call what. `from` and `to` undefined: everybody, everything. */
export async function canMatrix(
  asked: { readonly from: string | undefined; readonly to: string | undefined; readonly method: string | undefined },
  options: MatrixOptions,
  context: Context,
): Promise<number> {
  const single = (["expect", "header", "jwt", "claim", "tcp", "tls"] as const).find(
    (name) => options[name] !== undefined,
  );
  if (single !== undefined || asked.method !== undefined) {
    const what = single === undefined ? `${asked.method}` : `--${single}`;
    throw new MeshError("MD8001", `--matrix tells of all requests, and ${what} is about a single one`);
  }
  const door = await openDoor();
  const question = {
    from: asked.from === undefined ? undefined : bareName(asked.from),
    to: asked.to === undefined ? undefined : bareName(asked.to),
    namespace: options.namespace,
    port: options.port,
  };
  const record =
    options.live === true
      ? await door.accessMatrix(await liveSnapshots(door, options, context), question)
      : await door.accessMatrix(await requireMesh(door, chooseProject(context.cwd, options)), question);
  const source = options.live === true ? "running mesh" : "files";
  const printer = createPrinter(context, options.color);
  const output = chosenOutput(options);
  if (output === "json") {
    printer.json({ schemaVersion: 1, predicted: true, source, ...record });
  } else {
    const details = output === "wide" || (asked.from !== undefined && asked.to !== undefined);
    printer.note([[seg(`predicted from the ${source === "files" ? "files" : "sidecars of the running mesh"}`, "dim")]]);
    printer.lines(matrixLines(record, details, printer.look.columns));
  }
  return exitCodes.ok;
}

async function liveSnapshots(door: Door, options: MatrixOptions, context: Context): Promise<readonly ProxySnapshot[]> {
  const session = await requireSession(door, context, options.directory);
  const client = await door.connect(session);
  const { workloads } = await client.state();
  const snapshots = await Promise.all(workloads.filter(({ sidecar }) => sidecar).map(({ id }) => client.snapshot(id)));
  await client.close();
  return snapshots.flatMap((snapshot) => snapshot ?? []);
}

import { stopMesh } from "./commands/down.ts";
import { requireStart } from "./commands/up.ts";
import { defaultTimeoutMs } from "./wait.ts";
import type { Context } from "./context.ts";
import type { ChosenProject } from "./discovery.ts";
import type { Door, MeshClient, SessionInfo } from "./door.ts";

export interface MeshForUse {
  readonly session: SessionInfo;
  readonly client: MeshClient;
}

export interface WantedMesh extends ChosenProject {
  readonly timeoutMs: number | undefined;
}

const stopPatienceMs = 20_000;

/** Uses the running mesh of a project, or one that is started for it and ends afterwards, whatever happens. */
export async function withMesh<T>(
  door: Door,
  { directory, chosen, timeoutMs = defaultTimeoutMs }: WantedMesh,
  context: Context,
  use: (mesh: MeshForUse) => Promise<T>,
): Promise<T> {
  const running = await door.findSession(directory);
  if (running !== undefined) {
    await using client = await door.connect(running);
    return await use({ session: running, client });
  }
  const started = await door.startDaemon({ directory, chosen, watch: false });
  try {
    const { session } = started;
    await using client = await door.connect(session);
    // Killed before it can say so, we take the mesh with us.
    const held = hold(client);
    try {
      await requireStart(started, timeoutMs, context.signal);
      return await use({ session, client });
    } finally {
      await stopMesh(door, session, stopPatienceMs);
      held.abort();
    }
  } finally {
    started.release();
  }
}

/** Owns the mesh for as long as this process lives. */
function hold(client: MeshClient): AbortController {
  const stop = new AbortController();
  const read = async (): Promise<void> => {
    for await (const line of client.events({ own: true, signal: stop.signal })) void line;
  };
  void read().catch(() => undefined);
  return stop;
}

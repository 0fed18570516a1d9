import { MeshError } from "../../core/error.ts";
import type { Labels } from "../../model/resource.ts";
import type { EngineClient } from "./engine-client.ts";

/** Something in the container engine that a daemon made and can no longer remove itself. */
export interface Leftover {
  readonly kind: "container" | "network" | "volume" | "image";
  readonly id: string;
  readonly name: string;
  /** Name of the mesh; null for images, which all meshes share. */
  readonly mesh: string | null;
  /** Why nobody needs it. */
  readonly reason: string;
}

const prefix = "dev.meshdev.";
const sessionLabel = `${prefix}session`;
const runtimeImages = `${prefix}image=runtime`;

/**
 * Containers and networks of daemons that are dead, runtime images that a newer one replaced, and with `volumes` the volumes of dead daemons too,
 * which may hold data. What has no label of ours is never looked at. @throws MeshError MD6022 for an engine elsewhere, whose daemons cannot be seen
 */
export async function findLeftovers(
  engine: EngineClient,
  isAlive: (pid: number) => boolean,
  volumes = false,
): Promise<readonly Leftover[]> {
  const { docker, ask, address } = engine;
  if (!/^(?:unix|npipe):/.test(address.url))
    throw new MeshError("MD6022", `the engine at ${address.url} may serve daemons of other machines`, {
      hint: "run prune on the machine that ran the mesh, or remove what has the label dev.meshdev.session there",
    });
  const filters = { label: [sessionLabel] };
  const reasonOf = (labels: Labels | undefined): string | undefined => {
    const pid = Number(labels?.[`${prefix}pid`]);
    // Without a number nothing is known of its daemon, and it stays.
    if (!Number.isInteger(pid) || pid <= 0 || isAlive(pid)) return undefined;
    return `its daemon (pid ${pid}) is dead`;
  };
  const keep = (kind: Leftover["kind"], id: string, name: string, labels: Labels | undefined): readonly Leftover[] => {
    const reason = reasonOf(labels);
    return reason === undefined ? [] : [{ kind, id, name, mesh: labels?.[`${prefix}mesh`] ?? null, reason }];
  };
  const all = await ask("list containers", () => docker.listContainers({ all: true }));
  const containers = all
    .filter((each) => sessionLabel in each.Labels)
    .flatMap((each) => keep("container", each.Id, (each.Names[0] ?? each.Id).replace(/^\//, ""), each.Labels));
  const networks = (await ask("list networks", () => docker.listNetworks({ filters }))).flatMap((each) =>
    keep("network", each.Id, each.Name, each.Labels),
  );
  const found = volumes
    ? await ask("list volumes", () => docker.listVolumes({ filters: JSON.stringify(filters) }))
    : undefined;
  const kept = (found?.Volumes ?? []).flatMap((each) => keep("volume", each.Name, each.Name, each.Labels));
  const images = await ask("list images", () =>
    docker.listImages({ filters: JSON.stringify({ label: [runtimeImages] }) }),
  );
  const used = new Set(all.map((each) => each.ImageID));
  const old = images
    .toSorted((a, b) => b.Created - a.Created)
    .slice(1)
    // Images that are built upon one inherit its labels.
    .filter((each) => !used.has(each.Id) && (each.RepoTags ?? []).every((tag) => tag.includes("meshdev/runtime:")))
    .map((each): Leftover => {
      const name = each.RepoTags?.[0] ?? each.Id;
      return { kind: "image", id: each.Id, name, mesh: null, reason: "a newer meshdev replaced it" };
    });
  return [...containers, ...networks, ...kept, ...old];
}

/** Removes them, containers first, since they hold the others. What is gone already is no error. */
export async function removeLeftovers({ docker, ask }: EngineClient, leftovers: readonly Leftover[]): Promise<void> {
  for (const kind of ["container", "network", "volume", "image"] as const) {
    const several = leftovers.filter((each) => each.kind === kind);
    await Promise.all(
      several.map(({ id, name }) =>
        ask(`remove the ${kind} ${name}`, async () => {
          try {
            await remove(kind, id);
          } catch (error) {
            if (!isGone(error)) throw error;
          }
        }),
      ),
    );
  }

  async function remove(kind: Leftover["kind"], id: string): Promise<void> {
    switch (kind) {
      case "container":
        await docker.getContainer(id).remove({ force: true, v: true });
        return;
      case "network":
        await docker.getNetwork(id).remove();
        return;
      case "volume":
        await docker.getVolume(id).remove();
        return;
      case "image":
        await docker.getImage(id).remove({ force: true });
    }
  }
}

/** Gone, just being removed by somebody else, or an image that another one is built upon. */
function isGone(error: unknown): boolean {
  if (typeof error !== "object" || error === null || !("statusCode" in error)) return false;
  const { statusCode } = error;
  return (
    statusCode === 404 ||
    (statusCode === 409 && error instanceof Error && /already in progress|dependent child images/.test(error.message))
  );
}

import { MeshError } from "../runtime/core/error.ts";
import type { MeshEvent } from "../runtime/model/event.ts";
import type { MeshClient } from "./door.ts";

/** The event that a command names, or the last refusal. @throws MeshError MD8005 */
export async function findEvent(client: MeshClient, id: string | undefined): Promise<MeshEvent> {
  const event = await client.event(id ?? "last-refusal");
  if (event !== undefined) return event;
  if (id === undefined)
    throw new MeshError("MD8005", "nothing was refused so far", {
      hint: "Name an event of `meshdev events -o ndjson`, or a call: from, to, method and path.",
    });
  throw new MeshError("MD8005", `there is no event ${id}`, {
    hint: "Ids are in `meshdev events -o ndjson`; only the last few thousand are kept.",
  });
}

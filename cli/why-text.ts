import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import type { SourcePosition } from "../runtime/core/source.ts";
import type { RequestFacts } from "../runtime/model/decision.ts";
import type { HandshakeEvent, MeshEvent } from "../runtime/model/event.ts";
import type { Mesh } from "../runtime/model/mesh.ts";
import { type Cause, causeOf, type CauseSources } from "../runtime/store/cause.ts";
import { factsOfEvent } from "../runtime/store/event-facts.ts";
import { endsOf, tlsSides } from "../runtime/store/tls-sides.ts";
import { type Door, type MeshClient, openDoor } from "./door.ts";
import { detailLines } from "./print/event-detail.ts";
import { excerptLines } from "./print/excerpt.ts";
import type { Glyphs } from "./print/glyphs.ts";
import type { Line } from "./print/segment.ts";

/** What `meshdev why` says of an event, on the screen as in the terminal. `directory`: of the project, to read its files. */
export async function whyLines(
  client: MeshClient,
  event: MeshEvent,
  directory: string,
  glyphs: Glyphs,
): Promise<readonly Line[]> {
  const known = await causeSources(client, event);
  const cause = await causeInFiles(event, known, directory);
  const excerpt = await excerptAt(cause?.at, directory);
  return detailLines(event, known.handshake, glyphs, { excerpt, cause });
}

/** What a mesh knows beside an event of why it ended as it did. */
export async function causeSources(client: MeshClient, event: MeshEvent): Promise<CauseSources> {
  const handshake = await handshakeOf(client, event);
  const ends = endsOf(event);
  if (ends === undefined) return { handshake };
  const [from, to] = await Promise.all([client.snapshot(ends.from), client.snapshot(ends.to)]);
  return { handshake, sides: from === undefined || to === undefined ? undefined : tlsSides(from, to, ends.endpoint) };
}

/** The handshake of the connection that the event came by, while it is kept. */
async function handshakeOf(client: MeshClient, event: MeshEvent): Promise<HandshakeEvent | undefined> {
  if ((event.type !== "exchange.completed" && event.type !== "connection.closed") || event.handshake === null)
    return undefined;
  const found = await client.event(event.handshake);
  return found?.type === "handshake.completed" || found?.type === "handshake.failed" ? found : undefined;
}

/** Its cause with the policies that would have let it in if they applied, by the project's files as they are now. */
export async function causeInFiles(
  event: MeshEvent,
  known: CauseSources,
  directory: string,
): Promise<Cause | undefined> {
  const cause = causeOf(event, known);
  if (cause === undefined || !("decision" in event) || event.decision?.reason !== "no-allow-matched") return cause;
  const door = await openDoor();
  // A mesh may run on from files that are gone by now, or under another name.
  const mesh = await door.loadProject(directory).then(
    ({ value }) => value,
    () => undefined,
  );
  const { workload } = event.to;
  return mesh === undefined || workload === null
    ? cause
    : withMisplaced(door, cause, { mesh, workload, facts: factsOfEvent(event) });
}

export async function withMisplaced(
  door: Door,
  cause: Cause,
  { mesh, workload, facts }: { readonly mesh: Mesh; readonly workload: string; readonly facts: RequestFacts },
): Promise<Cause> {
  const found = await door.misplacedPolicies(mesh, workload, facts);
  if (found.length === 0) return cause;
  const misplaced = found.map(({ resource, why, ...at }) => ({
    text: `${resource} would let it in, but ${why}`,
    at,
  }));
  return { ...cause, misplaced };
}

/** A line of YAML with a caret, when its file can be read. */
export async function excerptAt(at: SourcePosition | null | undefined, directory: string): Promise<readonly Line[]> {
  if (at === null || at === undefined) return [];
  try {
    return excerptLines(await readFile(resolve(directory, at.file), "utf8"), at);
  } catch {
    return [];
  }
}

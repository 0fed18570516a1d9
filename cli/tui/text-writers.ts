import type { MeshClient } from "../door.ts";
import { flipsLines, nothingSaved } from "../print/flips.ts";
import type { Glyphs } from "../print/glyphs.ts";
import type { Line } from "../print/segment.ts";
import { whyLines } from "../why-text.ts";
import type { Subject } from "./subject.ts";
import type { TextName, TextPage } from "./text-page.ts";

/** What writers of texts may ask. */
export interface TextSources {
  readonly client: MeshClient;
  /** Of the project. */
  readonly directory: string;
  readonly glyphs: Glyphs;
  /** What the row under the cursor is about. */
  readonly subject: Subject | undefined;
}

/** Who writes each text. A sentence to throw is what a row that has no such text is answered with. */
export const textWriters: Readonly<Record<TextName, (sources: TextSources) => TextPage>> = {
  why: whyPage,
  diff: diffPage,
};

function diffPage({ client, glyphs }: TextSources): TextPage {
  return { title: "meshdev diff", lines: lastFlips(client, glyphs) };
}

async function lastFlips(client: MeshClient, glyphs: Glyphs): Promise<readonly Line[]> {
  const answer = await client.flips({ kind: "last" });
  if (!answer.ok) throw new Error(answer.message);
  return answer.comparison === null ? nothingSaved : flipsLines(answer.comparison, glyphs);
}

function whyPage({ client, directory, glyphs, subject }: TextSources): TextPage {
  const event = subject?.kind === "event" ? subject.event : undefined;
  if (event === undefined || !("handshake" in event || "failure" in event))
    throw new Error("only requests, connections and handshakes have a why");
  return { title: `meshdev why ${event.id}`, lines: whyLines(client, event, directory, glyphs) };
}

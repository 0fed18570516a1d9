import { MeshError } from "../../runtime/core/error.ts";
import { type MeshClient, openDoor } from "../door.ts";
import { errorLines } from "../print/error.ts";
import { flipsLines, nothingSaved } from "../print/flips.ts";
import type { Glyphs } from "../print/glyphs.ts";
import type { Line } from "../print/segment.ts";
import { countsLine, testLines } from "../print/test-report.ts";
import { isCall, suggestApart } from "../suggest-text.ts";
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
  test: testPage,
  suggest: suggestPage,
  diff: diffPage,
};

function testPage({ directory, glyphs }: TextSources): TextPage {
  return { title: "meshdev test", lines: runTests(directory, glyphs) };
}

/** Beside the screen, which goes on being drawn. */
async function runTests(directory: string, glyphs: Glyphs): Promise<readonly Line[]> {
  const door = await openDoor();
  try {
    const report = await door.runTestsAside(directory);
    return [...testLines(report, glyphs), [], countsLine(report)];
  } catch (error) {
    if (error instanceof MeshError) return errorLines(error);
    throw error;
  }
}

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

function suggestPage({ directory, glyphs, subject }: TextSources): TextPage {
  const event = subject?.kind === "event" ? subject.event : undefined;
  if (event === undefined || !isCall(event))
    throw new Error("only requests, connections and handshakes can be let in by an edit");
  return { title: `meshdev suggest ${event.id}`, lines: suggestApart(directory, event.id, glyphs) };
}

import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { ConnectionEvent, ExchangeEvent, HandshakeEvent, MeshEvent } from "../runtime/model/event.ts";
import type { SuggestReport } from "./door.ts";
import type { Glyphs } from "./print/glyphs.ts";
import { suggestLines } from "./print/suggestions.ts";
import type { Line } from "./print/segment.ts";

/** Events that `meshdev suggest` has something to say of. */
export function isCall(event: MeshEvent): event is ExchangeEvent | ConnectionEvent | HandshakeEvent {
  return ["exchange.completed", "connection.closed", "handshake.completed", "handshake.failed"].includes(event.type);
}

/** Much more than any project's edits need. */
const mostBytes = 64 * 1024 * 1024;

/** What `meshdev suggest` says of an event, found in a process of its own: trying edits takes long, and the screen must not wait. */
export function suggestApart(directory: string, id: string, glyphs: Glyphs): Promise<readonly Line[]> {
  const extension = import.meta.url.endsWith(".ts") ? "ts" : "js";
  const program = fileURLToPath(new URL(`./bin.${extension}`, import.meta.url));
  const words = [program, "suggest", id, "-C", directory, "-o", "json"];
  return new Promise((resolve, reject) => {
    execFile(process.execPath, words, { maxBuffer: mostBytes }, (_error, out, err) => {
      // Exit code 4 is an answer too: no edit would do.
      if (out === "") {
        reject(new Error(err.split("\n")[0] ?? "it cannot be found out"));
        return;
      }
      const report: SuggestReport = JSON.parse(out);
      resolve(suggestLines(report, glyphs));
    });
  });
}

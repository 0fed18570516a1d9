import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { formatPosition } from "../../runtime/core/source.ts";
import type { Context } from "../context.ts";
import type { MeshClient } from "../door.ts";
import type { Glyphs } from "../print/glyphs.ts";
import { readFilters, saveFilter } from "../saved-filters.ts";
import { copyToClipboard } from "./clipboard.ts";
import type { Effects, Leaving } from "./controller.ts";
import { stopReading } from "./stop-reading.ts";
import { textWriters } from "./text-writers.ts";
import { chosenEditor, editorArguments, runEditor } from "./editor.ts";

/** What only a mounted app can do. */
export interface AppHandles {
  redraw: () => void;
  /** Draws every line again, also those that should be on the screen already. */
  repaint: () => void;
  /** Gives the terminal back while the callback runs. */
  suspend: ((callback: () => Promise<void>) => Promise<unknown>) | undefined;
}

export interface EffectOptions {
  readonly client: MeshClient;
  /** Of the project. */
  readonly directory: string;
  readonly context: Context;
  readonly glyphs: Glyphs;
  readonly app: AppHandles;
  readonly leave: (how: Leaving) => void;
}

export function createEffects({ client, directory, context, glyphs, app, leave }: EffectOptions): Effects {
  return {
    leave,
    restart: async (service) => {
      const answer = await client.command({ type: "workload.restart", service });
      return answer.ok ? `${service} is restarting` : `${answer.code} ${answer.message}`;
    },
    redraw: () => {
      app.redraw();
    },
    repaint: () => {
      app.repaint();
    },
    suspend: () => {
      void app.suspend?.(suspendProcess);
    },
    edit: async (place) => {
      const file = resolve(directory, place.file);
      const editor = chosenEditor(context.env, context.platform);
      const before = readIfThere(file);
      let failure: string | undefined;
      await app.suspend?.(async () => {
        await stopReading(process.stdin);
        failure = await runEditor(editor, editorArguments(editor, file, place), context.env, context.platform);
      });
      if (failure !== undefined) return { words: `${editor}: ${failure}`, changed: false };
      const changed = readIfThere(file) !== before;
      return { words: changed ? `${basename(file)} saved` : `${formatPosition(place)} unchanged`, changed };
    },
    replay: (id) => client.command({ type: "exchange.replay", id }),
    copy: (what, text) =>
      copyToClipboard(what, text, {
        env: context.env,
        platform: context.platform,
        write: context.out,
        toFile: (long) => {
          const file = join(directory, ".meshdev", "copied.txt");
          mkdirSync(join(directory, ".meshdev"), { recursive: true });
          writeFileSync(file, long);
          return file;
        },
      }),
    text: (name, subject) => textWriters[name]({ client, directory, glyphs, subject }),
    saveFilter: (name, text) => saveFilter(directory, name, text),
    namedFilters: () => readFilters(directory),
  };
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}

/** Stops this process as Ctrl-Z does elsewhere, and returns when the shell continues it. */
function suspendProcess(): Promise<void> {
  return new Promise((done) => {
    process.once("SIGCONT", () => {
      done();
    });
    process.kill(process.pid, "SIGTSTP");
  });
}

import { render } from "ink";
import { chooseLook, type Context } from "../context.ts";
import { stopMesh } from "../commands/down.ts";
import { requireNoFailure, type Watched, type WatchOptions } from "../commands/watch.ts";
import { exitCodes } from "../exit-code.ts";
import { glyphsFor } from "../print/glyphs.ts";
import { createPrinter } from "../print/printer.ts";
import { sanitize } from "../print/sanitize.ts";
import { seg } from "../print/segment.ts";
import { limitTime, requireOk } from "../session.ts";
import { App } from "./app.tsx";
import { askBackground } from "./background.ts";
import { createController, type Leaving } from "./controller.ts";
import { createFeed } from "./feed.ts";
import { loadKeymap } from "./key-file.ts";
import { createEffects, type AppHandles } from "./screen-effects.ts";

/** The full-screen view of a mesh, until the person leaves, a signal comes or the mesh ends. Returns the exit code. */
export async function showScreen(watched: Watched, options: WatchOptions, context: Context): Promise<number> {
  const { door, session, client, started } = watched;
  const own = started !== undefined;
  const printer = createPrinter(context, options.color);
  // A mesh of ours stops when the stream ends, so it stays open until we have said what is to happen.
  const reading = new AbortController();
  using _end = {
    [Symbol.dispose]: () => {
      reading.abort();
    },
  };
  const how = await runScreen(watched, options, context, reading.signal);
  if (how === "ended") {
    await requireNoFailure(started);
    printer.note([[seg("the mesh stopped", "dim")]]);
    return exitCodes.ok;
  }
  if (how === "detach") {
    requireOk(await client.command({ type: "mesh.detach" }));
    printer.note([
      [
        seg(
          `the mesh keeps running; \`meshdev attach\` shows it, \`meshdev down\` stops it (in ${sanitize(session.directory)})`,
          "dim",
        ),
      ],
    ]);
  } else if (own) {
    printer.note([[seg("stopping", "dim")]]);
    await stopMesh(door, session, 20_000);
    printer.note([[seg("stopped", "dim")]]);
  }
  return context.signal.aborted ? Number(context.signal.reason) || exitCodes.ok : exitCodes.ok;
}

async function runScreen(
  watched: Watched,
  options: WatchOptions,
  context: Context,
  reading: AbortSignal,
): Promise<Leaving | "ended"> {
  const { client, started } = watched;
  const own = started !== undefined;
  const feed = createFeed();
  const left = Promise.withResolvers<Leaving | "ended">();
  const app: AppHandles = { redraw: () => undefined, repaint: () => undefined, suspend: undefined };
  const look = chooseLook(context, options.color);
  const [{ keymap, problem }, palette] = await Promise.all([
    loadKeymap(watched.door, context.env),
    look.color === "none" ? undefined : askBackground({ input: process.stdin, output: process.stdout }),
  ]);
  const controller = createController(
    feed,
    { look: { ...look, color: palette ?? look.color }, own, filter: options.filter ?? "", keymap, now: Date.now },
    createEffects({
      client,
      directory: watched.session.directory,
      context,
      glyphs: glyphsFor(look.unicode),
      app,
      leave: left.resolve,
    }),
  );
  if (problem !== undefined) controller.say(problem);
  const signal = limitTime(context.signal, options.for);
  const onAbort = (): void => {
    left.resolve(own ? "stop" : "leave");
  };
  signal.addEventListener("abort", onAbort);
  if (signal.aborted) onAbort();

  // Keys typed before there was a screen were echoed: the first line would begin behind them.
  process.stdout.write("\r");
  const instance = render(
    <App
      feed={feed}
      controller={controller}
      terminal={process.stdout}
      bind={(handles) => {
        app.redraw = handles.redraw;
        app.repaint = handles.repaint;
        app.suspend = handles.suspend;
      }}
    />,
    { alternateScreen: true, incrementalRendering: true, maxFps: 15, exitOnCtrlC: false, interactive: true },
  );
  // Whatever breaks, here or while a frame is drawn, the terminal is given back before anybody reads why.
  process.on("uncaughtException", left.reject);
  instance.waitUntilExit().catch(left.reject);
  void (async () => {
    for await (const line of client.events({ replay: true, own, signal: reading })) feed.apply(line);
    left.resolve("ended");
  })().catch(left.reject);
  try {
    return await left.promise;
  } finally {
    // Some terminals that were resized meanwhile keep pieces of the last frame on the screen that comes back.
    instance.clear();
    instance.unmount();
    await instance.waitUntilExit().catch(() => undefined);
    signal.removeEventListener("abort", onAbort);
    process.off("uncaughtException", left.reject);
  }
}

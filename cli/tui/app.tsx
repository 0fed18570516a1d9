import { Box, Text, useApp, useInput } from "ink";
import { memo, useCallback, useEffect, useReducer } from "react";
import type { Controller } from "./controller.ts";
import type { Feed } from "./feed.ts";
import { keyNames } from "./key-name.ts";

/** A stream of the terminal as the screen needs it. */
export interface Terminal {
  readonly columns: number;
  readonly rows: number;
  readonly writableNeedDrain: boolean;
  readonly write: (text: string) => unknown;
  readonly on: (event: "resize" | "drain", listener: () => void) => unknown;
  readonly off: (event: "resize" | "drain", listener: () => void) => unknown;
}

/** Frames are at least this far apart, whatever comes. */
const frameMs = 100;
/** Countdowns and rates change although nothing happens. */
const clockMs = 1_000;
/** Dragging a window's edge sends many sizes: wait until it rests. */
const resizeMs = 50;

const Row = memo(function Row({ text }: { readonly text: string }) {
  return <Text wrap="truncate">{text}</Text>;
});

interface Picture {
  readonly size: { readonly columns: number; readonly rows: number };
  readonly lines: readonly string[];
}

/** The same object when nothing changed: then React and Ink have nothing to do. */
function keepPicture(before: Picture, after: Picture): Picture {
  const same =
    before.size.columns === after.size.columns &&
    before.size.rows === after.size.rows &&
    before.lines.length === after.lines.length &&
    before.lines.every((line, at) => line === after.lines[at]);
  return same ? before : after;
}

/**
 * Every line at its place, whatever is on the terminal: one that was resized has moved lines and cursor as it likes, while Ink only
 * writes what changed, relative to where it believes the cursor to be. There it is left again. Nothing is cleared, so nothing flickers.
 */
function wholePicture({ lines, size }: Picture): string {
  const placed = lines.map((line, at) => `\u001b[${at + 1};1H${line}`).join("");
  const empty = `\u001b[${Math.max(2, size.rows)};1H\u001b[2K`;
  return `\u001b[?2026h${placed}${empty}\u001b[?2026l`;
}

function takePicture(controller: Controller, terminal: Terminal): Picture {
  const size = sizeOf(terminal);
  return { size, lines: controller.draw(size).lines };
}

/** The whole screen: one text per line. It draws what `controller` says, when that changed. */
export function App({
  feed,
  controller,
  terminal,
  bind,
}: {
  readonly feed: Feed;
  readonly controller: Controller;
  readonly terminal: Terminal;
  /** Hands out what only a mounted app can do. */
  readonly bind: (handles: {
    readonly redraw: () => void;
    readonly repaint: () => void;
    readonly suspend: ReturnType<typeof useApp>["suspendTerminal"];
  }) => void;
}) {
  const [{ size, lines }, show] = useReducer(keepPicture, undefined, () => takePicture(controller, terminal));
  const redraw = useCallback(() => {
    show(takePicture(controller, terminal));
  }, [controller, terminal]);
  const { suspendTerminal, waitUntilRenderFlush } = useApp();
  const [paints, countPaint] = useReducer((count: number) => count + 1, 0);
  const repaint = useCallback(() => {
    redraw();
    countPaint();
  }, [redraw]);

  // Only once Ink has written what it believes to be the whole change.
  useEffect(() => {
    if (paints === 0) return;
    void waitUntilRenderFlush().then(() => terminal.write(wholePicture(takePicture(controller, terminal))));
  }, [paints, waitUntilRenderFlush, controller, terminal]);

  useEffect(() => {
    bind({ redraw, repaint, suspend: suspendTerminal });
  }, [bind, redraw, repaint, suspendTerminal]);

  useEffect(() => watchFeed(feed, terminal, redraw), [feed, terminal, redraw]);
  useEffect(() => watchSize(terminal, repaint), [terminal, repaint]);

  useInput((input, key) => {
    for (const name of keyNames(input, key)) {
      controller.press(name);
      // Each key is decided by what the one before it did to the screen.
      controller.draw(sizeOf(terminal));
    }
    redraw();
  });

  return (
    <Box flexDirection="column" width={size.columns} height={Math.max(1, size.rows - 1)} overflow="hidden">
      {lines.map((text, at) => (
        <Row key={at} text={text} />
      ))}
    </Box>
  );
}

/** A terminal that does not know its size (a bare pseudo-terminal) says 0. */
function sizeOf(terminal: Terminal): { readonly columns: number; readonly rows: number } {
  return { columns: terminal.columns || 80, rows: terminal.rows || 24 };
}

/** Redraws after changes of the feed, never faster than frames, and not while the terminal is still busy with the last one. */
function watchFeed(feed: Feed, terminal: Terminal, redraw: () => void): () => void {
  let timer: NodeJS.Timeout | undefined;
  let drawn = feed.version();
  const frame = (): void => {
    timer = undefined;
    if (terminal.writableNeedDrain) {
      schedule();
      return;
    }
    if (feed.version() === drawn) return;
    drawn = feed.version();
    redraw();
  };
  const schedule = (): void => {
    timer ??= setTimeout(frame, frameMs);
  };
  const unsubscribe = feed.subscribe(schedule);
  const clock = setInterval(redraw, clockMs);
  schedule();
  return () => {
    unsubscribe();
    clearInterval(clock);
    clearTimeout(timer);
  };
}

function watchSize(terminal: Terminal, redraw: () => void): () => void {
  let timer: NodeJS.Timeout | undefined;
  const onResize = (): void => {
    clearTimeout(timer);
    timer = setTimeout(redraw, resizeMs);
  };
  terminal.on("resize", onResize);
  return () => {
    terminal.off("resize", onResize);
    clearTimeout(timer);
  };
}

import { spawn } from "node:child_process";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { collect, createProject, createSampleProject, until } from "../e2e/support/project.ts";
import { openTerminal, whyNoTerminal, type Terminal } from "../e2e/support/terminal.ts";
import { figure, type Figure } from "./figure.ts";
import { cpuSeconds, memoryOf } from "./usage.ts";

const source = join(import.meta.dirname, "tui", "main.ts");
const columns = 120;
const rows = 40;
/** Events per second; 0 is a mesh in which nothing happens. */
const rates = [0, 100, 5_000] as const;
const targets: Readonly<Record<number, string>> = { 0: "<= 0.5 %", 5_000: "<= 30 %" };
const settleMs = 4_000;
const spans = 5;
const spanMs = 3_000;
/** The clock of /proc ticks a hundred times a second: what hardly runs is measured for longer. */
const quietSpanMs = 10_000;
const fullHistory = 100_000;

/** What the screen costs its own process while events come, and how soon it is there. */
export async function screenCost(): Promise<readonly Figure[]> {
  const absent = whyNoTerminal();
  if (absent !== undefined) throw new Error(absent);
  const figures: Figure[] = [...(await firstFrame())];
  for (const rate of rates) figures.push(...(await attached(rate)));
  return figures;
}

async function attached(rate: number): Promise<readonly Figure[]> {
  await using project = createProject({ "meshdev.yaml": "services: {}\n" });
  const child = spawn(process.execPath, [source, String(rate)], {
    cwd: project.directory,
    env: project.env,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const output = collect(child);
  await until("the source of events", () => (output.stdout() === "" ? undefined : true));
  const begun = Date.now();
  using terminal = openTerminal(project, columns, rows, ["attach"], { env: { NO_COLOR: "" } });
  await terminal.shows(rate === 0 ? /No requests yet/ : /ALLOW/);
  await wait(settleMs);

  const cpu: number[] = [];
  const bytes: number[] = [];
  const came: number[] = [];
  const before = terminal.bytes().length;
  for (let span = 0; span < spans; span += 1) {
    const from = {
      at: performance.now(),
      cpu: cpuSeconds(terminal.pid),
      bytes: terminal.bytes().length,
      number: await newest(terminal),
    };
    await wait(rate === 0 ? quietSpanMs : spanMs);
    const seconds = (performance.now() - from.at) / 1000;
    cpu.push(((cpuSeconds(terminal.pid) - from.cpu) / seconds) * 100);
    came.push(((await newest(terminal)) - from.number) / seconds);
    bytes.push((terminal.bytes().length - from.bytes) / 1024 / seconds);
  }
  const cleared = clears(terminal.bytes().slice(before));
  const memory = rate === Math.max(...rates) ? await memoryWhenFull(terminal, rate, begun) : [];
  child.kill("SIGTERM");
  await new Promise((exit) => child.once("exit", exit));
  const what = `screen of ${columns}x${rows}, ${rate} events/s`;
  return [
    ...(rate === 0 ? [] : [figure(`${what}: events that came`, "1/s", came)]),
    figure(`${what}: CPU of a core`, "%", cpu, targets[rate]),
    figure(`${what}: bytes to the terminal`, "KiB/s", bytes),
    figure(`${what}: clearings of the whole screen`, "times", [cleared], "0"),
    ...memory,
  ];
}

/** The number of the newest event on the screen. */
async function newest(terminal: Terminal): Promise<number> {
  const numbers = (await terminal.screen()).matchAll(/\/api\/items\/(\d+)/g);
  return Math.max(0, ...Array.from(numbers, ([, number]) => Number(number)));
}

async function memoryWhenFull(terminal: Terminal, rate: number, begun: number): Promise<readonly Figure[]> {
  await wait(Math.max(0, begun + (fullHistory / rate) * 1250 - Date.now()));
  return [figure(`screen with ${fullHistory} rows kept: resident memory`, "MiB", [memoryOf(terminal.pid).rss])];
}

/** The first start of all compiles what later ones find in the cache. */
async function firstFrame(): Promise<readonly Figure[]> {
  const took: number[] = [];
  await using project = await createSampleProject();
  for (let run = 0; run < 8; run += 1) {
    const begun = performance.now();
    using terminal = openTerminal(project, columns, rows, ["up"]);
    while (!terminal.bytes().includes("1 Services")) await wait(2);
    took.push(performance.now() - begun);
    terminal.press("q", "y");
    await terminal.ended();
  }
  return [
    figure("meshdev up to the first frame, nothing compiled yet", "ms", took.slice(0, 1)),
    figure("meshdev up to the first frame", "ms", took.slice(1), "<= 700 ms"),
  ];
}

/** Erasing all of the screen, or all below the cursor, is seen as flicker. */
function clears(bytes: string): number {
  return bytes.split(/\u001b\[[023]?J|\u001bc/).length - 1;
}

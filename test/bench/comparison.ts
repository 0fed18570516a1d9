import type { Chain, OpenChain } from "./chains/chain.ts";
import { openEnvoy } from "./chains/envoy.ts";
import { openHaproxy } from "./chains/haproxy.ts";
import { openMeshdev } from "./chains/meshdev.ts";
import { openNginx } from "./chains/nginx.ts";
import { startLoadGenerator, type LoadGenerator } from "./load/generator.ts";
import type { Entry } from "./load/order.ts";
import { rowOf, type Row, type Sample, type Skipped } from "./row.ts";
import { mainShape, shapes, type Shape } from "./shape.ts";
import { cpuSeconds, memoryOf, sum } from "./usage.ts";

export interface ComparisonOptions {
  readonly rounds: number;
  readonly warmMs: number;
  /** How long the first, unmeasured round warms each chain up: a compiler that works at run time needs tens of thousands of requests. */
  readonly firstWarmMs: number;
  readonly measureMs: number;
  /** Names of chains to open; all when empty. */
  readonly chains: readonly string[];
  /** Only shapes whose name matches one of these; all when empty. */
  readonly shapes: readonly RegExp[];
  readonly progress: (line: string) => void;
}

export interface Comparison {
  readonly rows: readonly Row[];
  readonly skipped: readonly Skipped[];
}

const chains: Readonly<Record<string, OpenChain>> = {
  meshdev: openMeshdev,
  nginx: openNginx,
  haproxy: openHaproxy,
  envoy: openEnvoy,
};

/** One chain with one shape: a row of the table. */
interface Cell {
  readonly shape: Shape;
  readonly proxies: () => readonly number[];
  readonly what: Pick<Row, "chain" | "authorization" | "tui">;
  readonly entry: Entry;
  readonly prepare: () => Promise<AsyncDisposable>;
  readonly samples: Sample[];
}

/** Opens every chain, then measures all of them in turn, shape by shape and round by round, so that a noisy moment meets everybody. */
export async function compare(options: ComparisonOptions): Promise<Comparison> {
  const { progress } = options;
  const skipped: Skipped[] = [];
  await using open = new AsyncDisposableStack();
  const load = open.use(startLoadGenerator());
  const cells: Cell[] = [];
  for (const [name, openChain] of Object.entries(chains)) {
    if (options.chains.length > 0 && !options.chains.includes(name)) continue;
    progress(`starting ${name}`);
    const chain = await openChain();
    if (typeof chain === "string") skipped.push({ chain: name, shape: "all", reason: chain });
    else cells.push(...cellsOf(open.use(chain), skipped));
  }
  const wanted = shapes.filter(
    ({ name }) => options.shapes.length === 0 || options.shapes.some((pattern) => pattern.test(name)),
  );
  const order = wanted.flatMap((shape) => cells.filter((cell) => cell.shape === shape));
  const working = await warmUp(load, order, options, skipped);
  for (let round = 1; round <= options.rounds; round += 1) {
    progress(`round ${round} of ${options.rounds}, ${working.length} measurements`);
    for (const cell of working) cell.samples.push(await measure(load, cell, options));
  }
  return { rows: working.map(({ shape, what, samples }) => rowOf(shape, what, samples)), skipped };
}

function cellsOf(chain: Chain, skipped: Skipped[]): readonly Cell[] {
  const plain: Cell[] = [];
  for (const shape of shapes) {
    const entry = chain.entry(shape);
    if (typeof entry === "string") skipped.push({ chain: chain.name, shape: shape.name, reason: entry });
    else
      plain.push({
        shape,
        proxies: chain.proxies,
        what: { chain: chain.name, authorization: chain.authorization, tui: "detached" },
        entry,
        prepare: () => Promise.resolve(new AsyncDisposableStack()),
        samples: [],
      });
  }
  const variants = chain.variants.map(({ name, authorization, tui, entry, proxies, prepare }) => ({
    shape: mainShape,
    proxies,
    what: { chain: name, authorization, tui },
    entry,
    prepare,
    samples: [],
  }));
  return [...plain, ...variants];
}

/** A first round that counts for nothing; who fails in it is skipped from then on, with the reason. */
async function warmUp(
  load: LoadGenerator,
  cells: readonly Cell[],
  options: ComparisonOptions,
  skipped: Skipped[],
): Promise<readonly Cell[]> {
  options.progress(`warming up, ${cells.length} measurements`);
  const working: Cell[] = [];
  for (const cell of cells) {
    try {
      await measure(load, cell, { ...options, warmMs: options.firstWarmMs });
      working.push(cell);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      skipped.push({ chain: cell.what.chain, shape: cell.shape.name, reason });
      options.progress(`${cell.what.chain}, ${cell.shape.name}: ${reason}`);
    }
  }
  return working;
}

async function measure(load: LoadGenerator, cell: Cell, options: ComparisonOptions): Promise<Sample> {
  const { entry, shape, proxies } = cell;
  await using _prepared = await cell.prepare();
  const cpu = (): number => sum(proxies().map(cpuSeconds));
  let before = 0;
  const measured = await load.run({ entry, shape, warmMs: options.warmMs, measureMs: options.measureMs }, () => {
    before = cpu();
  });
  const used = cpu() - before;
  const memory = proxies().map(memoryOf);
  return {
    ...measured,
    cpuSeconds: used,
    rss: sum(memory.map(({ rss }) => rss)),
    pss: sum(memory.map(({ pss }) => pss)),
  };
}

import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { checkCost } from "./check.ts";
import { compare, type ComparisonOptions } from "./comparison.ts";
import { decisions } from "./decide.ts";
import type { Figure } from "./figure.ts";
import { printFigures } from "./figure.ts";
import { memory } from "./memory.ts";
import { pods } from "./pods.ts";
import { policyTests } from "./policy-tests.ts";
import { saveToLive } from "./reload.ts";
import { dataPlaneReplacement } from "./replacement.ts";
import { requests } from "./requests.ts";
import { sidecarMemory } from "./sidecar-memory.ts";
import { firstAllowedRequest } from "./start.ts";
import { table } from "./table.ts";
import { targetsOf } from "./targets.ts";
import { screenCost } from "./tui.ts";
import { versionStart } from "./version.ts";

// `npm run bench` compares the data plane with nginx, haproxy and Envoy (docs/performance.md), `--chain NAME` and `--shape REGEXP` (both may be
// repeated) only some of it; `npm run bench -- NAME…` measures single claims of the documentation. Both use the built CLI, print one table and assert nothing.
const figures: Readonly<Record<string, () => Promise<readonly Figure[]>>> = {
  version: versionStart,
  start: firstAllowedRequest,
  reload: saveToLive,
  memory,
  replacement: dataPlaneReplacement,
  requests,
  tui: screenCost,
  decide: decisions,
  check: checkCost,
  test: policyTests,
  pods,
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: "boolean", default: false },
    quick: { type: "boolean", default: false },
    rounds: { type: "string" },
    seconds: { type: "string" },
    chain: { type: "string", multiple: true, default: [] },
    shape: { type: "string", multiple: true, default: [] },
  },
});

function progress(line: string): void {
  process.stderr.write(`bench: ${line}\n`);
}

async function runFigures(names: readonly string[]): Promise<void> {
  const unknown = names.filter((name) => !Object.hasOwn(figures, name));
  if (unknown.length > 0)
    throw new Error(`no bench ${unknown.join(", ")}; there are ${Object.keys(figures).join(", ")}`);
  const found: Figure[] = [];
  for (const [name, run] of Object.entries(figures)) {
    if (!names.includes(name)) continue;
    progress(name);
    found.push(...(await run()));
  }
  process.stdout.write(printFigures(found));
}

async function runComparison(): Promise<void> {
  const options: ComparisonOptions = {
    rounds: Number(values.rounds ?? (values.quick ? 1 : 5)),
    warmMs: values.quick ? 100 : 400,
    firstWarmMs: values.quick ? 100 : 1500,
    measureMs: Number(values.seconds ?? (values.quick ? 0.15 : 1.2)) * 1000,
    chains: values.chain,
    shapes: values.shape.map((pattern) => new RegExp(pattern, "i")),
    progress,
  };
  const comparison = await compare(options);
  const withMemory =
    !values.quick && options.shapes.length === 0 && (options.chains.length === 0 || options.chains.includes("meshdev"));
  if (withMemory) progress("memory of further sidecars");
  const sidecar = withMemory ? await sidecarMemory() : undefined;
  const targets = targetsOf(comparison.rows, sidecar);
  const machine = {
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    cpu: cpus()[0]?.model ?? "unknown",
    cores: cpus().length,
  };
  if (values.json) {
    process.stdout.write(`${JSON.stringify({ ...comparison, targets, sidecar: sidecar ?? null, machine })}\n`);
    return;
  }
  process.stdout.write(
    `\nNode ${machine.node}, ${machine.platform}, ${machine.cores} x ${machine.cpu}; medians of ${options.rounds} interleaved rounds\n`,
  );
  process.stdout.write(table(comparison, targets));
}

if (positionals.length > 0) await runFigures(positionals);
else await runComparison();

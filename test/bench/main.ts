import { dataPlaneReplacement } from "./replacement.ts";
import { firstAllowedRequest } from "./start.ts";
import { memory } from "./memory.ts";
import { requests } from "./requests.ts";
import { saveToLive } from "./reload.ts";
import { versionStart } from "./version.ts";
import type { Figure } from "./figure.ts";

// `npm run bench [NAME…]`: measures what the documentation claims, on the built CLI. Prints one table; asserts nothing.
const benches: Readonly<Record<string, () => Promise<readonly Figure[]>>> = {
  version: versionStart,
  start: firstAllowedRequest,
  reload: saveToLive,
  memory,
  replacement: dataPlaneReplacement,
  requests,
};

const wanted = process.argv.slice(2);
const figures: Figure[] = [];
for (const [name, run] of Object.entries(benches)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  process.stderr.write(`bench ${name} ...\n`);
  figures.push(...(await run()));
}

const width = Math.max(...figures.map((figure) => figure.what.length));
process.stdout.write(`\nNode ${process.version}, ${process.platform} ${process.arch}\n\n`);
for (const { what, median, unit, worst, target, runs } of figures) {
  const columns = [
    what.padEnd(width),
    `${median} ${unit}`.padStart(14),
    worst === undefined ? "" : `worst ${worst}`.padStart(14),
    `n=${runs}`.padStart(7),
  ];
  process.stdout.write(`${columns.join("  ")}${target === undefined ? "" : `  target ${target}`}\n`);
}

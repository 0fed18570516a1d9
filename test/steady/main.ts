import { parseArgs } from "node:util";
import { idle } from "./idle.ts";
import { kills } from "./kills.ts";
import { reloads } from "./reloads.ts";
import { soak } from "./soak.ts";
import { soakHead, soakLine, soakSummary } from "./soak-table.ts";

// `npm run steady -- soak --minutes 60`, `-- reloads --count 10000`, `-- kills --count 100`, `-- idle`: real meshes of the built CLI under load.
const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    minutes: { type: "string", default: "60" },
    every: { type: "string", default: "60" },
    count: { type: "string" },
    stops: { type: "string", default: "20" },
  },
});

const print = (text: string): void => {
  process.stdout.write(`${text}\n`);
};
const progress = (text: string): void => {
  process.stderr.write(`${text}\n`);
};
const ms = (value: number): string => `${Math.round(value)} ms`;

switch (positionals[0]) {
  case "soak": {
    print(soakHead);
    const result = await soak({
      minutes: Number(values.minutes),
      everySeconds: Number(values.every),
      onRow: (row) => {
        print(soakLine(row));
      },
    });
    print(soakSummary(result));
    break;
  }
  case "reloads": {
    const result = await reloads(Number(values.count ?? 10_000), progress);
    const { right, either, wrong, lost } = result.calls;
    const { median, p99, worst } = result.liveMs;
    print(
      `${result.edits} reloads in ${result.seconds.toFixed(0)} s; file touched to live: median ${ms(median)}, p99 ${ms(p99)}, worst ${ms(worst)}`,
    );
    print(
      `${right + either + wrong + lost} requests meanwhile: ${lost} lost, ${wrong} with a wrong verdict, ${right} with the only right one, ${either} while either was right`,
    );
    print(`${result.surprises.length} generations changed something else than an edit did`);
    for (const fault of [...result.faults, ...result.surprises.slice(0, 10)]) print(fault);
    process.exitCode = lost + wrong + result.surprises.length > 0 ? 1 : 0;
    break;
  }
  case "kills": {
    for (const result of await kills(
      { SIGKILL: Number(values.count ?? 100), SIGSTOP: Number(values.stops) },
      progress,
    )) {
      const { before, after, processes } = result;
      print(
        `${result.samples.length} x ${result.signal}: next new connection answered after ${ms(result.median)} (median), ${ms(result.worst)} (worst)`,
      );
      print(
        `  daemon: Pss ${before.pss.toFixed(1)} to ${after.pss.toFixed(1)} MB, descriptors ${before.descriptors} to ${after.descriptors}; processes ${processes.join(" to ")}`,
      );
    }
    break;
  }
  case "idle": {
    const { connections, liveMs, kilobytesEach, closedMs } = await idle(Number(values.count ?? 10_000));
    print(
      `${connections} idle connections: file touched to live ${ms(liveMs[0])} without them, ${ms(liveMs[1])} with them (medians of 20); ` +
        `${kilobytesEach.toFixed(1)} kB of Pss each; all closed ${ms(closedMs)} after a change that refuses them`,
    );
    break;
  }
  default:
    progress("soak, reloads, kills or idle?");
    process.exitCode = 2;
}

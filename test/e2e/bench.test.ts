import { spawn } from "node:child_process";
import { resolve } from "node:path";
import { expect, it } from "vitest";
import { collect } from "./support/project.ts";

const main = resolve(import.meta.dirname, "../bench/main.ts");

interface Report {
  readonly rows: readonly Readonly<Record<string, unknown>>[];
  readonly skipped: readonly Readonly<Record<string, unknown>>[];
}

// The machinery only: real chains, real load, far too short for a figure to mean anything.
const tooOld = Number(process.versions.node.split(".")[0]) < 24;

it.skipIf(process.platform !== "linux" || tooOld)(
  `the benchmark measures every chain that is installed${tooOld ? " (it is written for Node 24)" : ""}`,
  async () => {
    const child = spawn(process.execPath, [main, "--quick", "--json"], { stdio: ["ignore", "pipe", "pipe"] });
    const output = collect(child);
    const code = await new Promise((done) => child.once("exit", done));
    expect(output.stderr()).toContain("round 1 of 1");
    expect(code).toBe(0);
    const report = JSON.parse(output.stdout()) as Report;
    for (const [connections, bodyBytes] of [
      [1, 128],
      [32, 128],
      [1, 65_536],
      [32, 65_536],
    ]) {
      const [row, ...more] = report.rows.filter(
        (each) =>
          each["chain"] === "meshdev" &&
          each["protocol"] === "http/1.1" &&
          each["connections"] === connections &&
          each["bodyBytes"] === bodyBytes,
      );
      expect(more).toEqual([]);
      for (const figure of ["cpuMicrosPerRequest", "requestsPerSecond", "p50Ms", "p99Ms", "rssMiB", "pssMiB"])
        expect(row?.[figure]).toSatisfy((value) => typeof value === "number" && value >= 0);
    }
    expect(report.rows.some((row) => row["protocol"] === "tcp" && row["chain"] === "meshdev")).toBe(true);
    // Who is not measured is named, with the reason.
    for (const chain of ["nginx", "haproxy", "envoy"]) {
      const measured = report.rows.some((row) => row["chain"] === chain);
      const why = report.skipped.find((each) => each["chain"] === chain && each["shape"] === "all");
      expect({ chain, told: measured || typeof why?.["reason"] === "string" }).toEqual({ chain, told: true });
    }
  },
  240_000,
);

import { defineConfig } from "vitest/config";
import { createSummaryReporter } from "./test/support/summary-reporter.ts";

/** On a machine that runs two copies of these tests at once, a moment without a processor is no defect: what fails there is asked again. */
const retry = process.env["CI"] === "true" ? 2 : 0;

// Unit tests mirror the sources and run in-process; everything that starts the built CLI lives in test/e2e.
export default defineConfig({
  test: {
    reporters: ["default", createSummaryReporter()],
    projects: [
      {
        test: {
          name: "unit",
          include: ["test/**/*.test.ts", "test/**/*.test.tsx"],
          exclude: ["test/e2e/**"],
          setupFiles: ["test/support/leave-as-found.ts"],
          // One evaluation of the sources a worker, not one a file: half the processor time.
          isolate: false,
          testTimeout: 30_000,
          retry,
        },
      },
      {
        test: {
          name: "e2e",
          include: ["test/e2e/**/*.test.ts"],
          testTimeout: 90_000,
          retry,
          hookTimeout: 90_000,
          // One mesh at a time: some tests count the machine's namespaces, containers and links.
          maxWorkers: 1,
          sequence: { groupOrder: 1 },
        },
      },
    ],
    coverage: {
      provider: "v8",
      include: ["runtime/**/*.ts"],
      reporter: ["text-summary", "json-summary"],
      thresholds: { lines: 90 },
    },
  },
});

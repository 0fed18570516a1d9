import { defineConfig } from "vitest/config";

// Unit tests mirror the sources and run in-process; everything that starts the built CLI lives in test/e2e.
export default defineConfig({
  test: {
    projects: [
      { test: { name: "unit", include: ["test/**/*.test.ts", "test/**/*.test.tsx"], exclude: ["test/e2e/**"], testTimeout: 20_000 } },
      { test: { name: "e2e", include: ["test/e2e/**/*.test.ts"], testTimeout: 60_000, hookTimeout: 60_000, fileParallelism: false } },
    ],
    coverage: { provider: "v8", include: ["runtime/**/*.ts"], reporter: ["text-summary", "json-summary"] },
  },
});

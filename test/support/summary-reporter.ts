import type { Reporter, TestModule } from "vitest/node";

/** Ends every run with the one line that scripts read, and names what was skipped and why. */
export function createSummaryReporter(): Reporter {
  return {
    onTestRunEnd(modules: readonly TestModule[], unhandledErrors): void {
      let passed = 0;
      let failed = unhandledErrors.length;
      let skipped = 0;
      const reasons: string[] = [];
      for (const module of modules) {
        if (module.errors().length > 0) failed += 1;
        for (const test of module.children.allTests()) {
          const result = test.result();
          if (result.state === "passed") passed += 1;
          else if (result.state === "failed") failed += 1;
          else {
            skipped += 1;
            const note = result.state === "skipped" ? result.note : undefined;
            reasons.push(`skipped: ${test.fullName}${note === undefined ? "" : ` (${note})`}`);
          }
        }
      }
      for (const reason of reasons) process.stdout.write(`${reason}\n`);
      process.stdout.write(`${passed} passed, ${failed} failed, ${skipped} skipped\n`);
    },
  };
}

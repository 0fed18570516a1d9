import { afterAll, vi } from "vitest";

// Files of one worker share its modules and its environment: each leaves them as it found them.
afterAll(() => {
  vi.unstubAllEnvs();
  vi.useRealTimers();
  vi.restoreAllMocks();
});

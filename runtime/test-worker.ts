import { parentPort, workerData } from "node:worker_threads";
import { MeshError } from "./core/error.ts";
import type { TestAnswer, TestQuestion } from "./test-thread.ts";
import { runOffline } from "./tests.ts";

/** Runs tests in a thread of their own; see test-thread.ts. */
async function answer({ directory, paths }: TestQuestion): Promise<TestAnswer> {
  try {
    return { ok: true, report: await runOffline(directory, { paths, select: undefined }) };
  } catch (error) {
    if (!(error instanceof MeshError)) throw error;
    const { code, message, hint, problems } = error;
    return { ok: false, code, message, hint, problems };
  }
}

const question: TestQuestion = workerData;
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
parentPort?.postMessage(await answer(question));

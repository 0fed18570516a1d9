import { Worker } from "node:worker_threads";
import type { Code } from "./core/codes.ts";
import { MeshError } from "./core/error.ts";
import type { Problem } from "./core/problem.ts";
import type { TestReport } from "./tests.ts";

export interface TestQuestion {
  readonly directory: string;
  readonly paths: readonly string[];
}

export type TestAnswer =
  | { readonly ok: true; readonly report: TestReport }
  | {
      readonly ok: false;
      readonly code: Code;
      readonly message: string;
      readonly hint: string | undefined;
      readonly problems: readonly Problem[];
    };

/** Runs the tests of a project beside this thread, whose event loop never waits for them. @throws MeshError as `runOffline` */
export function runInThread(file: string, question: TestQuestion): Promise<TestReport> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(file, { workerData: question });
    worker.on("message", (answer: TestAnswer) => {
      if (answer.ok) resolve(answer.report);
      else {
        const { code, message, hint, problems } = answer;
        reject(new MeshError(code, message, { problems, ...(hint === undefined ? {} : { hint }) }));
      }
    });
    worker.on("error", reject);
    worker.on("exit", () => {
      reject(new Error("the thread of the tests ended without a word"));
    });
  });
}

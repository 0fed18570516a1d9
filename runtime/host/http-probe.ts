import { request, type RequestOptions } from "node:http";
import type { ProbeResult } from "../workload/runner.ts";

const httpProbeMs = 2000;

/** One request to a program; from 200 to 399 it is ready. Never rejects. */
export function probeHttp(target: RequestOptions, path: string): Promise<ProbeResult> {
  return new Promise((done) => {
    // An agent would make a connection of its own beside the one that is given.
    const agent = target.createConnection === undefined ? false : undefined;
    const attempt = request(
      { ...target, path, method: "GET", agent, headers: { host: "localhost" }, timeout: httpProbeMs },
      (response) => {
        response.resume();
        const status = response.statusCode ?? 0;
        done(
          status >= 200 && status < 400
            ? { ok: true, reason: "" }
            : { ok: false, reason: `${path} answered ${status}` },
        );
      },
    );
    attempt.once("timeout", () => attempt.destroy(new Error("no answer")));
    attempt.once("error", (error) => done({ ok: false, reason: `${path}: ${error.message}` }));
    attempt.end();
  });
}

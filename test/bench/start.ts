import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { collect, createSampleProject, parseNdjson, sampleFolder, until } from "../e2e/support/project.ts";
import { figure, type Figure } from "./figure.ts";

/** How long the sample's programs need by themselves: from spawn until each says that it listens. */
async function programStart(program: string): Promise<number> {
  // Any free port: by itself, nothing maps 8080 for it.
  const text = readFileSync(join(sampleFolder, program), "utf8").replace("listen(8080", "listen(0");
  const begun = performance.now();
  const child = spawn(process.execPath, ["--input-type=module", "-e", text], { stdio: ["ignore", "pipe", "ignore"] });
  const output = collect(child);
  await until(`${program} to listen`, () => (output.stdout().includes("listens") ? true : undefined));
  const took = performance.now() - begun;
  child.kill("SIGKILL");
  await new Promise((exit) => child.once("exit", exit));
  return took;
}

/** From `meshdev up` to the end of the first allowed request, with and without the programs' own start. */
export async function firstAllowedRequest(): Promise<readonly Figure[]> {
  const whole: number[] = [];
  const own: number[] = [];
  for (let run = 0; run < 7; run += 1) {
    const programs = (await programStart("backend.mjs")) + (await programStart("frontend.mjs"));
    await using project = await createSampleProject();
    const begun = Date.now();
    const up = project.start("up", "-o", "ndjson");
    const output = collect(up);
    const allowed = await until("an allowed request", () => {
      const lines = output.stdout();
      const complete = lines.slice(0, lines.lastIndexOf("\n") + 1);
      return parseNdjson(complete).find(
        (event) => event["type"] === "exchange.completed" && event["side"] === "inbound" && event["status"] === 200,
      );
    });
    const took = Date.parse(String(allowed["at"])) - begun;
    whole.push(took);
    own.push(took - programs);
    up.kill("SIGINT");
    await new Promise((exit) => up.once("exit", exit));
  }
  return [
    figure("meshdev up to first allowed request, programs included", "ms", whole),
    figure("the same without the programs' own start", "ms", own, "<= 1000 ms"),
  ];
}

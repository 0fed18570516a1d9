import { createProject, parseNdjson, collect, until } from "../e2e/support/project.ts";
import { allowOnly, peerAuthentication, serverProgram } from "../e2e/support/load.ts";
import { figure, type Figure } from "./figure.ts";

const edits = 100;

/** From the file's change event to the last ACK, ten services, one hundred saves of a policy. */
export async function saveToLive(): Promise<readonly Figure[]> {
  const services = Array.from(
    { length: 10 },
    (_, index) => `  ${index === 0 ? "backend" : `s${index}`}: {run: [node, server.mjs], port: 8080}`,
  );
  await using project = createProject({
    "meshdev.yaml": `services:\n${services.join("\n")}\nmesh: ./mesh\n`,
    "server.mjs": serverProgram,
    "mesh/peer.yaml": peerAuthentication("STRICT"),
    "mesh/allow.yaml": allowOnly("s1"),
  });
  const up = project.start("up", "-o", "ndjson");
  const output = collect(up);
  const applied = (): readonly number[] =>
    parseNdjson(output.stdout().slice(0, output.stdout().lastIndexOf("\n") + 1))
      .filter(
        (event) =>
          event["type"] === "snapshot.applied" && typeof event["ms"] === "number" && event["live"] === event["total"],
      )
      .map((event) => Number(event["ms"]));
  await until("the first generation", () => (output.stdout().includes('"snapshot.applied"') ? true : undefined));
  await until(
    "every service",
    async () => ((await project.meshdev("ps")).stdout.match(/\bready\b/g)?.length ?? 0) >= 10 || undefined,
  );
  const outer: number[] = [];
  for (let edit = 0; edit < edits; edit += 1) {
    const before = applied().length;
    const saved = performance.now();
    project.write("mesh/allow.yaml", allowOnly(`caller-${edit}-${"x".repeat(edit)}`));
    await until("the save to be live", () => (applied().length > before ? true : undefined));
    outer.push(performance.now() - saved);
  }
  const inner = applied();
  up.kill("SIGINT");
  await new Promise((exit) => up.once("exit", exit));
  return [
    figure("save to live, from the change event to the last ACK, 10 services", "ms", inner, "p99 <= 50 ms"),
    figure("save to live as a subscriber sees it, write() included", "ms", outer),
  ];
}

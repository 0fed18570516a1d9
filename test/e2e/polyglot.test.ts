import { spawnSync } from "node:child_process";
import { cpSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { describeProbe, probePods } from "../../runtime/host/pods/probe.ts";
import { currentUser } from "../../runtime/host/session-folder.ts";
import { createProject, freePort, until } from "./support/project.ts";

const sample = resolve(import.meta.dirname, "../../samples/polyglot");
const probe = await probePods(currentUser());
const lacks = [
  ...(probe.ok ? [] : [`network pods: ${describeProbe(probe)}`]),
  ...(spawnSync("busybox", ["true"]).error === undefined ? [] : ["busybox"]),
];
if (lacks.length > 0) console.info(`the polyglot sample is skipped; missing: ${lacks.join("; ")}`);
const runtimes = spawnSync("sh", [join(sample, "runtimes.sh")], { encoding: "utf8" });
if (runtimes.stderr !== "") console.info(`the polyglot sample runs ${runtimes.stderr.trim().replaceAll("\n", ", ")}`);
const profiles = runtimes.stdout
  .trim()
  .split(/\s+/)
  .filter((word) => word !== "");

/** What the front page says of each service, when it and those that it asks run. */
const answers = {
  python: "catalog: tea, 21 of tea, 3.50 each",
  go: "stock: 21 of tea, 3.50 each",
  java: "price: 3.50 each",
};

describe.skipIf(lacks.length > 0)("the polyglot sample", () => {
  it("runs every language that is here on one port, each call with its identity", async () => {
    const port = String(await freePort());
    const cache = join(homedir(), ".cache", "go-build");
    await using project = createProject({}, { MESHDEV_CAPTURE: "pods", WEB_PORT: port, GOCACHE: cache });
    cpSync(sample, project.directory, { recursive: true });
    const up = await project.meshdev("up", "-d", ...profiles);
    expect(up).toMatchObject({ code: 0 });
    const page = await (await fetch(`http://127.0.0.1:${port}/`)).text();
    expect(page).toContain("notes: a note, served by busybox");
    const isWhole = Object.keys(answers).every((name) => profiles.includes(name));
    for (const [name, answer] of Object.entries(answers)) {
      if (isWhole) expect(page).toContain(answer);
      else if (!profiles.includes(name)) expect(page).toMatch(/does not answer/);
    }
    const callers = isWhole ? ["web", "visitor", "catalog", "stock"] : ["web", "visitor"];
    await until(`calls of ${callers.join(", ")}`, async () => {
      const { stdout } = await project.meshdev("events", "-o", "ndjson", "--for", "1s");
      return callers.every((name) => stdout.includes(`spiffe://cluster.local/ns/default/sa/${name}"`)) || undefined;
    });
    const why = await project.meshdev("why");
    expect(why.stdout).toContain("AuthorizationPolicy default/notes rule 0");
    // Whatever program runs as the visitor is the visitor.
    const curl = await project.meshdev(
      "exec",
      "--as",
      "visitor",
      "--",
      "busybox",
      "wget",
      "-q",
      "-O",
      "-",
      "http://notes:8080/hello.txt",
    );
    expect(curl.code).not.toBe(0);
  });

  it("keeps what its policies promise, without any runtime", async () => {
    await using project = createProject({});
    cpSync(sample, project.directory, { recursive: true });
    expect((await project.meshdev("test", "--profile", "*")).stderr).toContain("20 passed, 0 failed");
  });
});

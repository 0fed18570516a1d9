import { describe, expect, it } from "vitest";
import { collect, createProject, freePort, until } from "./support/project.ts";

const project = `services:
  web:
    run: [node, src/web.mjs]
    env: { WORD: "\${WORD}" }
    env_file: [web.env]
    watch: { paths: [src], debounce: 100ms }
  extra: { run: [sleep, "1000"], profiles: [more] }
`;
const web = (word: string): string =>
  `console.log("${word}", process.env.WORD, process.env.FROM_FILE); setInterval(() => undefined, 1000);\n`;

describe("the project file while a mesh runs", () => {
  it("restarts once per save, also for a save in the middle of a restart, and for variables and overlays", async () => {
    await using mesh = createProject({
      "meshdev.yaml": project,
      ".env": "WORD=dot\n",
      "web.env": "FROM_FILE=$WORD-file\n",
      "src/web.mjs": web("first"),
    });
    const up = collect(mesh.start("up", "--plain"));
    const said = (text: string): Promise<true> => until(text, () => (up.stdout().includes(text) ? true : undefined));
    await said("first dot dot-file");
    mesh.write("src/web.mjs", web("second"));
    await said("meshdev: src/web.mjs changed, starting again");
    mesh.write("src/web.mjs", web("third"));
    await said("third dot dot-file");
    const count = (text: string): number => up.stdout().split(text).length - 1;
    const starts = (): number => count("web-1 starting");
    // The one that it was restarted for may have read the newest file already; it is restarted for that as well.
    await until("both restarts to be over", () => (starts() === 3 && count("web-1 ready") === 3) || undefined);
    mesh.write("src/web.mjs", web("fourth"));
    await said("fourth dot dot-file");
    // Here too the one before may have read it already.
    await until("the restart for the last save", () => (starts() === 4 && count("web-1 ready") === 4) || undefined);

    mesh.write(".env", "WORD=other\n");
    await said("fourth other other-file");
    expect(starts()).toBe(5);
    mesh.write("meshdev.local.yaml", "services: { web: { env: { WORD: local } } }\n");
    await said("fourth local other-file");
    mesh.write("meshdev.local.yaml", "services: { web: { evn: {} } }\n");
    await said("meshdev.local.yaml:1:20");

    expect((await mesh.meshdev("config", "--services")).stdout).toBe("");
    expect((await mesh.meshdev("ps", "-o", "name")).stdout).toBe("web-1\n");
    mesh.write("meshdev.local.yaml", "# nothing\n");
    await said("fourth other other-file");
    expect((await mesh.meshdev("start", "extra")).code).toBe(0);
    expect((await mesh.meshdev("ps", "-o", "name")).stdout).toBe("web-1\nextra-1\n");
  });

  it("stops watching a file that a program writes itself, and says how to go on", async () => {
    const own =
      'import { appendFileSync } from "node:fs"; appendFileSync("src/gen.txt", "x"); setInterval(() => undefined, 1000);\n';
    await using mesh = createProject({
      "meshdev.yaml": project.replaceAll("WORD}", "WORD:-}"),
      "web.env": "",
      "src/web.mjs": own,
    });
    const up = collect(mesh.start("up", "-o", "ndjson"));
    await until("the problem", () => (up.stdout().includes("MD4007") ? true : undefined));
    const runs = mesh.read("src/gen.txt").length;
    expect(runs).toBe(5);
    expect(up.stdout()).toContain('add \\"!src/gen.txt\\" to watch of web');
    // Other files are watched as before, and one save is one start.
    mesh.write("src/web.mjs", `${own}// saved\n`);
    await until("one more start", () => (mesh.read("src/gen.txt").length === runs + 1 ? true : undefined));
    await mesh.meshdev("restart", "web");
    await until("it is watched again", () => (mesh.read("src/gen.txt").length > runs + 1 ? true : undefined));
  });

  it("is not needed where there is a Procfile", async () => {
    const answer = 'require("http").createServer((_, r) => r.end(process.env.WORD)).listen(process.env.PORT)';
    await using folder = createProject({
      Procfile: `web: node -e '${answer}' -- $PORT\nworker: echo works on $(printenv PORT); sleep 1000\n`,
      ".env": "WORD=hello\n",
    });
    const printed = await folder.meshdev("import", "procfile");
    expect(printed.stdout).toContain("port: 5000");
    // The host's port 5000 may be taken here.
    const yaml = printed.stdout.replace("publish: 5000", `publish: ${await freePort()}`);
    folder.write("imported.yaml", yaml);
    expect((await folder.meshdev("config", "--services")).stdout).toBe("web\nworker\n");
    expect((await folder.meshdev("up", "-d", "-f", "imported.yaml")).code).toBe(0);
    expect((await folder.meshdev("logs", "worker")).stdout).toContain("works on 5100");
    expect((await folder.meshdev("send", "worker", "web", "GET", "/")).stdout).toBe("hello\n");
    expect((await folder.meshdev("down")).code).toBe(0);
    folder.write("Procfile", "worker: echo works on $(printenv PORT); sleep 1000\n");
    expect((await folder.meshdev("up", "-d")).code).toBe(0);
    expect((await folder.meshdev("logs", "worker")).stdout).toContain("works on 5000");
  });
});

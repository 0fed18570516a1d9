import { createServer } from "node:http";
import { describe, expect, it } from "vitest";
import { allowOnly, createLoadProject, peerAuthentication, serverProgram } from "./support/load.ts";
import { createProject, createSampleProject, freePort, until } from "./support/project.ts";

describe("bad input and bad luck", () => {
  it("an invalid policy at the start: exit 3, every problem with its place, nothing runs", async () => {
    await using project = await createLoadProject();
    project.write("mesh/peer.yaml", peerAuthentication("STRIKT"));
    project.write("mesh/allow.yaml", allowOnly("frontend").replace("rules:", "ruels:"));
    const up = await project.meshdev("up", "-d");
    expect(up.code).toBe(3);
    expect(up.stderr).toMatch(/peer\.yaml:\d+:\d+/);
    expect(up.stderr).toMatch(/allow\.yaml:\d+:\d+/);
    expect(up.stderr).toContain("STRICT");
    expect((await project.meshdev("ps")).code).toBe(9);
  });

  it("a taken port: exit 7, who holds it", async () => {
    await using project = await createLoadProject();
    const holder = createServer();
    await new Promise<void>((listening) => {
      holder.listen(project.port, "127.0.0.1", listening);
    });
    const up = await project.meshdev("up", "-d");
    holder.close();
    expect(up.code).toBe(7);
    expect(up.stderr).toContain(String(project.port));
    expect(up.stderr).toContain(String(process.pid));
  });

  it("a program that is not found, one that crashes, and one that never listens", async () => {
    await using project = createProject({
      "meshdev.yaml": `services:
  missing: {run: [no-such-program-here]}
  crashes: {run: [node, -e, "console.error('boom at start'); process.exit(3)"], port: 8080}
`,
    });
    const up = await project.meshdev("up", "-d", "--timeout", "20s");
    expect(up.code).toBe(5);
    expect(`${up.stderr}${up.stdout}`).toMatch(/no-such-program-here/);
  });

  it("two meshes at once keep apart", async () => {
    await using one = await createSampleProject();
    await using two = await createSampleProject();
    const [first, second] = await Promise.all([one.meshdev("up", "-d"), two.meshdev("up", "-d")]);
    expect(first, first.stderr).toMatchObject({ code: 0 });
    expect(second, second.stderr).toMatchObject({ code: 0 });
    for (const project of [one, two]) {
      const answer = await fetch(`http://127.0.0.1:${project.port}/`);
      expect(await answer.text()).toContain("URI=spiffe://cluster.local/ns/default/sa/frontend");
    }
    await one.meshdev("down");
    expect((await fetch(`http://127.0.0.1:${two.port}/`)).status).toBe(200);
  });

  it("1,000 services declared, 3 started", async () => {
    const port = await freePort();
    const many = Array.from({ length: 997 }, (_, index) => `  s${index}: {run: [node, server.mjs], port: 8080}`).join(
      "\n",
    );
    await using project = createProject({
      "meshdev.yaml": `services:
  backend: {run: [node, server.mjs], port: 8080, publish: ${port}}
  one: {run: [node, server.mjs], port: 8080}
  two: {run: [node, server.mjs], port: 8080}
${many}
`,
      "server.mjs": serverProgram,
    });
    const up = await project.meshdev("up", "-d", "backend", "one", "two");
    expect(up, up.stderr).toMatchObject({ code: 0 });
    const call = await project.meshdev(
      "exec",
      "--as",
      "one",
      "--",
      "node",
      "-e",
      "fetch('http://backend:8080/x').then(r => console.log(r.status))",
    );
    expect(call.stdout.trim(), call.stderr).toBe("200");
    const idle = await project.meshdev(
      "exec",
      "--as",
      "one",
      "--",
      "node",
      "-e",
      "fetch('http://s5:8080/x').then(r => r.text().then(t => console.log(r.status, t)))",
    );
    expect(idle.stdout.trim(), idle.stderr).toBe("503 no healthy upstream");
  });

  it("stays up when every port it owns is fed hostile bytes", async () => {
    await using project = await createSampleProject();
    expect(await project.meshdev("up", "-d")).toMatchObject({ code: 0 });
    const { connect } = await import("node:net");
    const hostile = [
      Buffer.from("\u0016\u0003\u0001\uffff".repeat(400), "latin1"),
      Buffer.alloc(70_000, 0x41),
      Buffer.from(
        "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /admin HTTP/1.1\r\n\r\n",
      ),
      Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
      Buffer.from([0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a]),
      Buffer.from("\0\u001b[2J\u0007".repeat(50)),
    ];
    for (const bytes of hostile) {
      await new Promise<void>((done) => {
        const socket = connect(project.port, "127.0.0.1", () => {
          socket.end(bytes);
        });
        socket
          .on("error", () => undefined)
          .on("close", () => {
            done();
          })
          .resume();
        socket.setTimeout(1500, () => socket.destroy());
      });
    }
    const answer = await until(
      "an answer",
      async () => (await fetch(`http://127.0.0.1:${project.port}/`).catch(() => undefined)) ?? undefined,
    );
    expect(answer.status).toBe(200);
    const ps = JSON.parse((await project.meshdev("ps", "-o", "json")).stdout) as {
      readonly dataPlane: { readonly restarts: number };
    };
    expect(ps.dataPlane.restarts).toBe(0);
  });
});

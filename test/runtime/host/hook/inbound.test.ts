import { connect, type Socket } from "node:net";
import { once } from "node:events";
import { request } from "node:http";
import { afterEach, describe, expect, it, vi } from "vitest";
import { listSocketInodes } from "../../../../runtime/host/process-tree.ts";
import { readTcpTable } from "../../../../runtime/host/tcp-table.ts";
import { findNodeVersions, testedMajors } from "../../../support/node-versions.ts";
import { openHookLab, type HookLab } from "./harness.ts";

const nodes = findNodeVersions();
let lab: HookLab | undefined;
afterEach(async () => {
  await lab?.close();
  lab = undefined;
});

function ask(socketPath: string, path = "/"): Promise<string> {
  return new Promise((done, fail) => {
    request({ socketPath, path, agent: false }, (response) => {
      let text = "";
      response.on("data", (chunk: Buffer) => (text += chunk.toString()));
      response.on("end", () => done(text));
    })
      .on("error", fail)
      .end();
  });
}

async function dial(host: string, port: number, localAddress: string): Promise<string> {
  const socket: Socket = connect({ host, port, localAddress });
  let text = "";
  socket.on("data", (chunk: Buffer) => (text += chunk.toString()));
  await once(socket, "end");
  return text;
}

const listenThen = (then: string): string => `
  const net = require("net");
  const first = net.createServer().listen(8080, () => { ${then} });
`;

for (const major of testedMajors) {
  const node = nodes.get(major);
  describe.skipIf(node === undefined)(
    `inbound on Node ${major}${node === undefined ? " (not installed; set MESHDEV_TEST_NODES)" : ""}`,
    () => {
      const executable = node?.executable ?? "";

      it("a declared port becomes the Unix socket, whatever the form of listen; nobody listens on TCP", async () => {
        const forms = [
          `8080`,
          `"8080"`,
          `8080, "0.0.0.0"`,
          `{ port: 8080, host: "127.0.0.1" }`,
          `8080, "0.0.0.0", 100`,
        ];
        const shown = [
          { address: "::", family: "IPv6", port: 8080 },
          { address: "::", family: "IPv6", port: 8080 },
          { address: "0.0.0.0", family: "IPv4", port: 8080 },
          { address: "127.0.0.1", family: "IPv4", port: 8080 },
          { address: "0.0.0.0", family: "IPv4", port: 8080 },
        ];
        lab = await openHookLab();
        const running = lab.start(
          executable,
          `
        import http from "node:http";
        import net, { createServer } from "node:net";
        for (const args of [${forms.map((form) => `[${form}]`).join(", ")}]) {
          const server = http.createServer((q, r) => r.end([q.socket.remoteAddress, q.socket.remoteFamily, q.socket.localAddress, q.socket.localPort].join(" ")));
          await new Promise((done) => server.listen(...args, done));
          const address = server.address();
          console.log(JSON.stringify(address));
          if (args.length === 3) break;
          await new Promise((done) => server.close(done));
        }
        const other = createServer().listen(0, "127.0.0.1", () => { console.log(other.address().port > 0, other.address().address); });
      `,
        );
        await vi.waitFor(() => expect(running.output().trim().split("\n")).toHaveLength(forms.length + 1), 10_000);
        const lines = running.output().trim().split("\n");
        expect(lines.slice(0, forms.length).map((line) => JSON.parse(line))).toEqual(shown);
        expect(lines.at(-1)).toBe("true 127.0.0.1");
        expect(await ask(`${lab.folder}/8080.sock`)).toBe("127.0.0.6 IPv4 10.244.0.3 8080");
        const inodes = listSocketInodes([running.child.pid ?? 0]);
        const ports = readTcpTable("/proc")
          .filter((entry) => inodes.has(entry.inode))
          .map((entry) => entry.local.port);
        expect(ports).not.toContain(8080);
      });

      it("a second server on the port gets EADDRINUSE; a socket file that nobody listens on is replaced", async () => {
        lab = await openHookLab();
        const killed = lab.start(executable, listenThen(`console.log("up")`), { kind: "cjs" });
        await vi.waitFor(() => expect(killed.output()).toContain("up"), 10_000);
        const {
          stdout: refused,
          code: status,
          stderr,
        } = await lab.run(executable, `require("net").createServer().listen(8080)`, { kind: "cjs" });
        expect([refused, status]).toEqual(["", 1]);
        expect(stderr).toContain("EADDRINUSE");
        killed.child.kill("SIGKILL");
        await killed.ended;
        const { stdout } = await lab.run(
          executable,
          listenThen(`
        net.createServer().on("error", (e) => { console.log(JSON.stringify([e.code, e.port, e.address, e.message])); process.exit(0); }).listen(8080);
      `),
          { kind: "cjs" },
        );
        expect(JSON.parse(stdout)).toEqual([
          "EADDRINUSE",
          8080,
          "::",
          "listen EADDRINUSE: address already in use :::8080",
        ]);
      });

      it("a server can be closed and can listen again, on the port or elsewhere", async () => {
        lab = await openHookLab();
        const { stdout } = await lab.run(
          executable,
          `
        const http = require("http");
        const server = http.createServer();
        const listen = (...args) => new Promise((done) => server.listen(...args, () => { const a = server.address(); server.close(() => done(a.port)); }));
        listen(8080).then(() => listen(8080)).then((again) => listen(0).then((free) => console.log(again, free !== 8080 && free > 0, server.address())));
      `,
          { kind: "cjs" },
        );
        expect(stdout.trim()).toBe("8080 true null");
      });

      it("node:cluster: workers share the port", async () => {
        lab = await openHookLab();
        const running = lab.start(
          executable,
          `
        import cluster from "node:cluster";
        import http from "node:http";
        if (cluster.isPrimary) {
          let up = 0;
          for (let n = 0; n < 2; n += 1) cluster.fork().on("listening", (a) => { up += 1; if (up === 2) console.log("both"); });
        } else {
          const server = http.createServer((q, r) => { r.setHeader("connection", "close"); r.end(process.pid + " " + q.socket.remoteAddress + " " + server.address().port); }).listen(8080);
        }
      `,
        );
        await vi.waitFor(() => expect(running.output()).toContain("both"), 15_000);
        const answers: string[] = [];
        for (let n = 0; n < 6; n += 1) answers.push(await ask(`${lab.folder}/8080.sock`));
        expect(new Set(answers.map((answer) => answer.split(" ")[0])).size).toBe(2);
        for (const answer of answers) expect(answer).toMatch(/^\d+ 127\.0\.0\.6 8080$/);
      });

      it("the program reaches its own port on localhost, as in a pod", async () => {
        lab = await openHookLab();
        const { stdout } = await lab.run(
          executable,
          `
        import http from "node:http";
        const server = http.createServer((q, r) => r.end("own " + q.headers.host));
        await new Promise((done) => server.listen(8080, done));
        console.log(await (await fetch("http://localhost:8080/")).text(), await (await fetch("http://127.0.0.1:8080/")).text());
        process.exit(0);
      `,
        );
        expect(stdout.trim()).toBe("own localhost:8080 own 127.0.0.1:8080");
        expect(lab.arrivals).toEqual([]);
      });

      it.skipIf(process.platform !== "linux")(
        "an outsider calls sidecars directly from its own address, and listens on it",
        async () => {
          lab = await openHookLab({
            mode: "outsider",
            outbound: null,
            dialFrom: "127.244.0.3",
            listen: { "8080": { kind: "tcp", host: "127.244.0.3", port: 18_433 } },
            endpoints: { "10.96.0.7:8080": [{ host: "127.244.0.9", port: 18_434 }], "10.96.0.8:8080": [] },
          });
          const { createServer } = await import("node:net");
          const callee = createServer((socket) => socket.end(`seen ${socket.remoteAddress}`)).listen(
            18_434,
            "127.244.0.9",
          );
          await once(callee, "listening");
          const running = lab.start(
            executable,
            `
        import net from "node:net";
        const read = (...args) => new Promise((done) => { const s = net.connect(...args); let t = ""; s.on("data", (d) => t += d).on("end", () => done([t, s.remoteAddress, s.remotePort, s.localAddress])).on("error", (e) => done(e.code)); });
        const out = [await read(8080, "backend"), await read(8080, "10.96.0.8"), await read(81, "10.96.0.7")];
        const server = net.createServer((s) => s.end("caller " + s.remoteAddress)).listen(8080, () => console.log(JSON.stringify([...out, server.address().port])));
      `,
          );
          await vi.waitFor(() => expect(running.output()).toContain("]"), 10_000);
          expect(JSON.parse(running.output())).toEqual([
            ["seen 127.244.0.3", "10.96.0.7", 8080, "10.244.0.3"],
            "ECONNREFUSED",
            "ECONNREFUSED",
            8080,
          ]);
          expect(await dial("127.244.0.3", 18_433, "127.244.0.5")).toBe("caller 10.244.0.5");
          callee.close();
        },
      );
    },
  );
}

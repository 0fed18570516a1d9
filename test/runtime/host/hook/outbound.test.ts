import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer } from "node:tls";
import { afterEach, describe, expect, it, vi } from "vitest";
import { findNodeVersions, testedMajors } from "../../../support/node-versions.ts";
import { openHookLab, relay, type HookLab } from "./harness.ts";

const nodes = findNodeVersions();
let lab: HookLab | undefined;
afterEach(async () => {
  await lab?.close();
  lab = undefined;
});

/** The last line that the program printed, as JSON. */
function said(stdout: string): unknown {
  return JSON.parse(stdout.trim().split("\n").at(-1) ?? "null");
}

for (const major of testedMajors) {
  const node = nodes.get(major);
  describe.skipIf(node === undefined)(
    `outbound on Node ${major}${node === undefined ? " (not installed; set MESHDEV_TEST_NODES)" : ""}`,
    () => {
      const executable = node?.executable ?? "";

      it("fetch and http.get go to the sidecar with the original destination, from ESM and CJS", async () => {
        lab = await openHookLab();
        const esm = await lab.run(
          executable,
          `
        import http, { get } from "node:http";
        import { connect } from "node:net";
        const body = (url) => new Promise((done, fail) => get(url, { agent: false }, (r) => { let s = ""; r.on("data", (c) => s += c).on("end", () => done([s, r.socket.remoteAddress, r.socket.remotePort, r.socket.remoteFamily, r.socket.localAddress])); }).on("error", fail));
        const a = await (await fetch("http://backend:8080/a")).text();
        const b = await body("http://backend.default.svc.cluster.local.:80/b");
        const c = await new Promise((done, fail) => { const s = connect(9000, "10.96.9.9", () => s.write("GET /c HTTP/1.1\\r\\nhost: x\\r\\nconnection: close\\r\\n\\r\\n")); let t = ""; s.on("data", (d) => t += d).on("end", () => done(t.split("\\r\\n").at(-1))).on("error", fail); });
        console.log(JSON.stringify([a, b, c]));
        process.exit(0);
      `,
        );
        expect(esm.stderr).toBe("");
        expect(said(esm.stdout)).toEqual([
          "GET /a backend:8080",
          ["GET /b backend.default.svc.cluster.local.", "10.96.0.7", 80, "IPv4", "10.244.0.3"],
          expect.stringContaining("GET /c x"),
        ]);
        const cjs = await lab.run(
          executable,
          `
        require("http").get({ host: "headless.other", port: 81, path: "/d" }, (r) => { r.resume(); console.log(JSON.stringify(r.socket.remoteAddress)); r.on("end", () => process.exit(0)); });
      `,
          { kind: "cjs" },
        );
        expect(said(cjs.stdout)).toMatch(/^10\.244\.0\.[89]$/);
        expect(lab.arrivals.map((each) => each.destination)).toEqual([
          "10.96.0.7:8080",
          "10.96.0.7:80",
          "10.96.9.9:9000",
          expect.stringMatching(/^10\.244\.0\.[89]:81$/),
        ]);
        for (const each of lab.arrivals) expect(each.source).toMatch(/^10\.244\.0\.3:\d+$/);
      });

      it("names: search path, unknown names of the cluster, lookup and resolve in every form", async () => {
        lab = await openHookLab({ aliases: { "mail.default.svc.cluster.local": "127.0.0.9" } });
        const { stdout, stderr } = await lab.run(
          executable,
          `
        import dns, { lookup } from "node:dns";
        import { promisify } from "node:util";
        import { lookup as later } from "node:dns/promises";
        const out = {};
        for (const name of ["backend", "backend.default", "backend.default.svc", "BACKEND.default.svc.cluster.local", "backend.default.svc.cluster.local."]) {
          out[name] = (await later(name)).address;
        }
        out.callback = await new Promise((done) => lookup("backend", (e, address, family) => done([address, family])));
        out.all = await later("headless.other", { all: true });
        out.promisified = await promisify(lookup)("backend", 4);
        out.six = await later("backend", { family: 6 }).catch((e) => e.code);
        out.missing = await later("nothing.default.svc.cluster.local").catch((e) => [e.code, e.syscall]);
        out.alone = await later("backend.").catch((e) => e.code === undefined ? "no" : "failed");
        out.resolve4 = await dns.promises.resolve4("backend");
        out.resolve = await new Promise((done) => dns.resolve("backend", (e, r) => done(r)));
        out.resolve6 = await new Promise((done) => dns.resolve6("backend", (e) => done(e.code)));
        out.alias = (await later("mail")).address;
        out.localhost = (await later("localhost", { family: 4 })).address;
        console.log(JSON.stringify(out));
      `,
        );
        expect(stderr).toBe("");
        expect(said(stdout)).toEqual({
          backend: "10.96.0.7",
          "backend.default": "10.96.0.7",
          "backend.default.svc": "10.96.0.7",
          "BACKEND.default.svc.cluster.local": "10.96.0.7",
          "backend.default.svc.cluster.local.": "10.96.0.7",
          callback: ["10.96.0.7", 4],
          all: [
            { address: "10.244.0.8", family: 4 },
            { address: "10.244.0.9", family: 4 },
          ],
          promisified: { address: "10.96.0.7", family: 4 },
          six: "ENOTFOUND",
          missing: ["ENOTFOUND", "getaddrinfo"],
          alone: "failed",
          resolve4: ["10.96.0.7"],
          resolve: ["10.96.0.7"],
          resolve6: "ENODATA",
          alias: "127.0.0.9",
          localhost: "127.0.0.1",
        });
      });

      it("an address outside the mesh passes the sidecar too, IPv6 as well; names are resolved first", async () => {
        lab = await openHookLab();
        const { stdout, stderr } = await lab.run(
          executable,
          `
        import net from "node:net";
        import http from "node:http";
        const talk = (options) => new Promise((done, fail) => http.get({ ...options, path: "/x", agent: false }, (r) => { r.resume(); r.on("end", () => done(r.socket.remoteAddress)); }).on("error", fail));
        const lookup = (name, options, done) => setImmediate(() => options.all ? done(null, [{ address: "2001:db8::9", family: 6 }, { address: "93.184.216.34", family: 4 }]) : done(null, "93.184.216.34", 4));
        console.log(JSON.stringify([await talk({ host: "93.184.216.35", port: 443 }), await talk({ host: "2001:db8::5", port: 80 }), await talk({ host: "example.com", port: 8000, lookup })]));
        process.exit(0);
      `,
        );
        expect(stderr).toBe("");
        expect(said(stdout)).toEqual(["93.184.216.35", "2001:db8::5", "93.184.216.34"]);
        expect(lab.arrivals.map((each) => each.destination)).toEqual([
          "93.184.216.35:443",
          "20010db8000000000000000000000005:80",
          "93.184.216.34:8000",
        ]);
        expect(lab.arrivals[1]?.source).toMatch(/^00000000000000000000ffff0af40003:/);
      });

      it("TLS of the program itself goes through, to mesh names and to names outside", async () => {
        const { cert, key } = selfSigned();
        const server = createServer({ cert, key }, (secure) => {
          secure.on("error", () => undefined);
          secure.once("data", () =>
            secure.end("HTTP/1.1 200 OK\r\ncontent-length: 4\r\nconnection: close\r\n\r\ntls!"),
          );
        }).listen(0, "127.0.0.1");
        await once(server, "listening");
        const address = server.address();
        const port = address !== null && typeof address === "object" ? address.port : 0;
        lab = await openHookLab({}, (socket) => relay(socket, port));
        const { stdout, stderr } = await lab.run(
          executable,
          `
        import https from "node:https";
        import tls, { connect } from "node:tls";
        const lookup = (name, options, done) => setImmediate(() => options.all ? done(null, [{ address: "93.184.216.34", family: 4 }]) : done(null, "93.184.216.34", 4));
        const get = (options) => new Promise((done, fail) => https.get({ ...options, rejectUnauthorized: false, agent: false }, (r) => { let s = ""; r.on("data", (c) => s += c).on("end", () => done([s, r.socket.remoteAddress, r.socket.servername ?? null])); }).on("error", fail));
        const results = [await get({ host: "backend", port: 8443 }), await get({ host: "example.com", port: 443, lookup })];
        const raw = await new Promise((done, fail) => { const s = connect({ host: "10.96.0.7", port: 7, rejectUnauthorized: false }, () => s.write("hi")); s.once("data", (d) => { done(s.remoteAddress); s.destroy(); }).on("error", fail); });
        process.env.NODE_TLS_REJECT_UNAUTHORIZED = "0";
        const fetched = await (await fetch("https://backend:9443/")).text();
        console.log(JSON.stringify([...results, raw, fetched]));
        process.exit(0);
      `,
          { env: { NODE_NO_WARNINGS: "1" } },
        );
        server.close();
        expect(stderr).toBe("");
        expect(said(stdout)).toEqual([
          ["tls!", "10.96.0.7", "backend"],
          ["tls!", "93.184.216.34", "example.com"],
          "10.96.0.7",
          "tls!",
        ]);
        expect(lab.arrivals.map((each) => each.destination)).toEqual([
          "10.96.0.7:8443",
          "93.184.216.34:443",
          "10.96.0.7:7",
          "10.96.0.7:9443",
        ]);
      });

      it("leaves loopback and Unix paths alone, and fails as expected when the sidecar is gone", async () => {
        lab = await openHookLab();
        const { stdout } = await lab.run(
          executable,
          `
        import net from "node:net";
        const server = net.createServer((s) => s.end("local")).listen(0, "127.0.0.1");
        await new Promise((done) => server.once("listening", done));
        const read = (...args) => new Promise((done) => { const s = net.connect(...args); let t = ""; s.on("data", (d) => t += d).on("end", () => done([t, s.remoteAddress ?? null])).on("error", (e) => done(e.code)); });
        const path = process.env.FOLDER + "/own.sock";
        const other = net.createServer((s) => s.end("path")).listen(path);
        await new Promise((done) => other.once("listening", done));
        const { unlinkSync } = await import("node:fs");
        const out = [await read(server.address().port, "127.0.0.1"), await read(server.address().port, "localhost"), await read({ path }), await read(9, "127.0.0.1")];
        unlinkSync(process.env.FOLDER + "/out.sock");
        out.push(await read(80, "backend"), await read(80, "nothing.svc.cluster.local"));
        console.log(JSON.stringify(out));
        process.exit(0);
      `,
        );
        expect(said(stdout)).toEqual([
          ["local", "127.0.0.1"],
          ["local", expect.any(String)],
          ["path", null],
          "ECONNREFUSED",
          "ECONNREFUSED",
          "ENOTFOUND",
        ]);
        expect(lab.arrivals).toEqual([]);
      });

      it("a socket may be reset, before it is connected and after", async () => {
        lab = await openHookLab();
        const outcome = await lab.run(
          executable,
          `
        import { connect } from "node:net";
        const closed = (socket, from) => new Promise((done) => { socket.on("error", (e) => done(e.message)).on("close", () => done("closed")); if (from) socket.on(from, () => socket.resetAndDestroy()); else socket.resetAndDestroy(); });
        console.log(JSON.stringify([await closed(connect(8080, "backend")), await closed(connect(8080, "backend"), "connect")]));
        process.exit(0);
      `,
        );
        expect(outcome.stderr).toBe("");
        expect(said(outcome.stdout)).toEqual(["closed", "closed"]);
      });

      it("works in worker threads and in Node children, and takes up a changed file", async () => {
        lab = await openHookLab();
        const running = lab.start(
          executable,
          `
        import { Worker } from "node:worker_threads";
        import { execFileSync } from "node:child_process";
        const worker = new Worker('fetch("http://backend:8001/w").then((r) => r.text()).then((t) => require("worker_threads").parentPort.postMessage(t))', { eval: true });
        worker.once("message", async (text) => {
          console.log(text);
          console.log(execFileSync(process.execPath, ["-e", 'fetch("http://backend:8002/c").then((r) => r.text()).then((t) => { console.log(t); process.exit(0); })']).toString().trim());
          process.stdout.write("waiting\\n");
          const { lookup } = await import("node:dns/promises");
          for (;;) {
            const found = await lookup("fresh").catch(() => undefined);
            if (found?.address === "10.96.3.3") break;
            await new Promise((next) => setTimeout(next, 10));
          }
          console.log("seen");
          process.exit(0);
        });
      `,
        );
        await vi.waitFor(() => expect(running.output()).toContain("waiting"), 15_000);
        lab.write({ names: { "fresh.default.svc.cluster.local": ["10.96.3.3"] } });
        const outcome = await running.ended;
        expect(outcome.stdout.trim().split("\n")).toEqual([
          "GET /w backend:8001",
          "GET /c backend:8002",
          "waiting",
          "seen",
        ]);
      });

      it("does not let the program start without a configuration", async () => {
        lab = await openHookLab();
        for (const file of ["", "/nowhere/hook.json", process.execPath]) {
          const { code, stdout, stderr } = await lab.run(executable, `console.log("ran in the open")`, {
            env: { MESHDEV_HOOK: file },
          });
          expect(stdout).toBe("");
          expect(stderr).toContain("meshdev: this program is not started");
          expect(code).toBe(70);
        }
      });

      it("a socket that is connected again after a failure sends the header of the new try only", async () => {
        lab = await openHookLab();
        const outcome = await lab.run(
          executable,
          `
        import { renameSync } from "node:fs";
        import { Socket } from "node:net";
        const path = process.env.FOLDER + "/out.sock";
        renameSync(path, path + ".away");
        const s = new Socket();
        let text = "";
        s.on("error", () => undefined).on("data", (d) => { text += d; }).on("end", () => { console.log(JSON.stringify(text.split("\\r\\n").at(-1))); process.exit(0); });
        s.once("close", () => {
          renameSync(path + ".away", path);
          s.connect(80, "10.96.0.9", () => s.write("GET /again HTTP/1.1\\r\\nhost: x\\r\\nconnection: close\\r\\n\\r\\n"));
        });
        s.connect(80, "10.96.0.8");
      `,
        );
        expect(outcome.stderr).toBe("");
        expect(said(outcome.stdout)).toContain("GET /again x");
        expect(lab.arrivals.map((each) => each.destination)).toEqual(["10.96.0.9:80"]);
      });
    },
  );
}

function selfSigned(): { readonly cert: string; readonly key: string } {
  const folder = mkdtempSync(join(tmpdir(), "md-cert-"));
  try {
    const made = spawnSync("openssl", [
      "req",
      "-x509",
      "-newkey",
      "ec",
      "-pkeyopt",
      "ec_paramgen_curve:P-256",
      "-nodes",
      "-days",
      "2",
      "-subj",
      "/CN=backend",
      "-keyout",
      join(folder, "key.pem"),
      "-out",
      join(folder, "cert.pem"),
    ]);
    if (made.status !== 0) throw new Error(`openssl failed: ${made.stderr.toString()}`);
    return { cert: readFileSync(join(folder, "cert.pem"), "utf8"), key: readFileSync(join(folder, "key.pem"), "utf8") };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer as createHttp, type RequestListener } from "node:http";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { findEngine, usualPlaces } from "../../../../runtime/host/containers/engine-address.ts";
import { openEngine } from "../../../../runtime/host/containers/engine-client.ts";

let home: string;
const servers: Server[] = [];
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "md-engine-"));
});
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
  rmSync(home, { recursive: true, force: true });
});

async function listen(server: Server): Promise<string> {
  const path = join(home, "engine.sock");
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(path, resolve));
  return path;
}

const answering = (listener: RequestListener): Promise<string> => listen(createHttp(listener));
const open = (host: string): Promise<unknown> => openEngine({ env: { DOCKER_HOST: host }, home });

describe("where an engine is looked for", () => {
  it("is DOCKER_HOST first", () => {
    expect(findEngine({ env: { DOCKER_HOST: "tcp://x:1" }, home })).toEqual({
      url: "tcp://x:1",
      source: "DOCKER_HOST",
    });
    expect(findEngine({ env: { DOCKER_HOST: "/a/b.sock" }, home }).url).toBe("unix:///a/b.sock");
    expect(() => findEngine({ env: { DOCKER_HOST: "fd://" }, home })).toThrow(/no address of an engine/);
  });

  it("is the context that docker uses", () => {
    const folder = join(home, ".docker/contexts/meta", createHash("sha256").update("lab").digest("hex"));
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(home, ".docker/config.json"), '{"currentContext":"lab"}');
    writeFileSync(join(folder, "meta.json"), '{"Name":"lab","Endpoints":{"docker":{"Host":"unix:///lab.sock"}}}');
    expect(findEngine({ env: {}, home })).toEqual({ url: "unix:///lab.sock", source: "the docker context lab" });
    expect(() => findEngine({ env: { DOCKER_CONTEXT: "gone" }, home })).toThrow(
      "the docker context gone does not exist",
    );
  });

  it("are the sockets of rootful and rootless Docker and Podman", () => {
    const places = usualPlaces({ env: { XDG_RUNTIME_DIR: "/run/user/7" }, home: "/home/u" });
    for (const path of ["/var/run/docker.sock", "/run/user/7/docker.sock", "/run/user/7/podman/podman.sock"])
      expect(places).toContain(path);
  });
});

describe("an engine that cannot be used", () => {
  it("is not there", async () => {
    await expect(open(join(home, "none.sock"))).rejects.toMatchObject({ code: "MD6022" });
  });

  it("is a file, or something else that answers", async () => {
    writeFileSync(join(home, "file"), "");
    await expect(open(join(home, "file"))).rejects.toMatchObject({ code: "MD6022" });
    const other = await answering((_request, response) => response.writeHead(404).end("no"));
    await expect(open(other)).rejects.toMatchObject({ code: "MD6022" });
  });

  it("speaks no HTTP", async () => {
    const garbage = await listen(createServer((socket) => socket.on("error", () => {}).end("SSH-2.0\r\n\r\n")));
    await expect(open(garbage)).rejects.toMatchObject({ code: "MD6022" });
  });

  it("hangs up", async () => {
    const silent = await listen(createServer((socket) => socket.on("error", () => {}).destroy()));
    await expect(open(silent)).rejects.toMatchObject({ code: "MD6021" });
  });

  it("has no room", async () => {
    const full = await answering((request, response) => {
      if (request.url === "/_ping") response.end("OK");
      else response.writeHead(500).end('{"message":"write /x: no space left on device"}');
    });
    await expect(open(full)).rejects.toMatchObject({ code: "MD6027" });
  });

  it("has not got an image, and can neither pull nor build it", async () => {
    const bare = await answering((request, response) => {
      if (request.url === "/_ping") response.end("OK");
      else if (request.url?.startsWith("/images/") === true)
        response.writeHead(404).end('{"message":"pull access denied for nobody/nothing"}');
      else response.setHeader("content-type", "application/json").end("{}");
    });
    const engine = await openEngine({ env: { DOCKER_HOST: bare }, home });
    const pull = engine.ask("pull nobody/nothing", () => engine.docker.pull("nobody/nothing"));
    const build = engine.ask("build shop", () => Promise.reject(new Error("COPY failed: no such file")));
    await expect(build).rejects.toMatchObject({ code: "MD6025" });
    await expect(pull).rejects.toMatchObject({
      code: "MD6024",
      message: expect.stringContaining("pull access denied"),
    });
  });
});

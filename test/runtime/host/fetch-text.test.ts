import { createServer, type Server } from "node:http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTextFetcher } from "../../../runtime/host/fetch-text.ts";
import type { HookConfig } from "../../../runtime/host/hook-config.ts";

let server: Server;
let port = 0;

beforeAll(async () => {
  server = createServer((request, response) => {
    switch (request.url) {
      case "/keys?a=1":
        response.end(`keys for ${request.headers.host ?? ""}`);
        return;
      case "/moved":
        response.writeHead(302, { location: "/keys?a=1" }).end();
        return;
      case "/round":
        response.writeHead(302, { location: "/round" }).end();
        return;
      case "/large":
        response.end("x".repeat(1024 * 1024 + 1));
        return;
      case "/silent":
        return;
      default:
        response.writeHead(404).end("not here");
    }
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const address = server.address();
  port = typeof address === "object" && address !== null ? address.port : 0;
});

afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const nothing: HookConfig = {
  version: 1,
  workload: "istiod",
  mode: "outsider",
  address: "10.244.0.0",
  outbound: null,
  dialFrom: null,
  alias: null,
  listen: {},
  clusterDomain: "cluster.local",
  search: ["istio-system.svc.cluster.local", "svc.cluster.local", "cluster.local"],
  names: {},
  aliases: {},
  endpoints: {},
  virtual: ["10.96.", "10.244."],
};

describe("createTextFetcher", () => {
  const fetchText = (url: string, timeoutMs = 2000): Promise<string> =>
    createTextFetcher(() => ({
      ...nothing,
      names: { "id.shop.svc.cluster.local": ["10.96.0.1"], "gone.shop.svc.cluster.local": [] },
      endpoints: { "10.96.0.1:80": [{ host: "127.0.0.1", port }], "10.96.0.1:81": [] },
    }))(url, timeoutMs);
  const at = (path: string): string => `http://127.0.0.1:${port}${path}`;

  it("gives the text, by way of a redirect too", async () => {
    expect(await fetchText(at("/keys?a=1"))).toBe(`keys for 127.0.0.1:${port}`);
    expect(await fetchText(at("/moved"))).toBe(`keys for 127.0.0.1:${port}`);
  });

  it.each(["id.shop", "id.shop.svc.cluster.local.", "10.96.0.1"])("finds %s in the mesh", async (host) => {
    expect(await fetchText(`http://${host}/keys?a=1`)).toBe(`keys for ${host}`);
  });

  it.each([
    ["http://gone.shop/", "nobody serves gone.shop now"],
    ["http://id.shop:81/", "nobody serves id.shop:81 now"],
    ["http://10.244.0.9/", "nobody serves 10.244.0.9 now"],
    ["http://169.254.169.254/latest", "169.254.169.254 is a link-local address"],
    ["http://[fe80::1]/", "fe80::1 is a link-local address"],
    ["file:///etc/passwd", "file: is neither http nor https"],
  ])("refuses %s", async (url, message) => {
    await expect(fetchText(url)).rejects.toThrow(message);
  });

  it("says why there is none", async () => {
    await expect(fetchText(at("/none"))).rejects.toThrow("it answers 404");
    await expect(fetchText(at("/round"))).rejects.toThrow("more than 5 redirects");
    await expect(fetchText(at("/large"))).rejects.toThrow("the answer is larger than 1048576 bytes");
    await expect(fetchText(at("/silent"), 20)).rejects.toThrow("no answer in 20 ms");
    await expect(fetchText("http://127.0.0.1:1/")).rejects.toThrow("ECONNREFUSED");
  });
});

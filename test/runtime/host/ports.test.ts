import { once } from "node:events";
import { createServer, type AddressInfo, type Server } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { checkPublishedPorts, findPortHolder, isPortFree } from "../../../runtime/host/ports.ts";

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

async function occupy(host: string): Promise<number> {
  const server = createServer().listen(0, host);
  servers.push(server);
  await once(server, "listening");
  const address: AddressInfo | string | null = server.address();
  return address !== null && typeof address === "object" ? address.port : 0;
}

describe("published ports", () => {
  it("names who has a taken port and offers the next", async () => {
    const port = await occupy("127.0.0.1");
    const [problem, ...more] = await checkPublishedPorts([{ workload: "web-1", hostPort: port }]);
    expect(more).toEqual([]);
    expect(problem?.code).toBe("MD6003");
    expect(problem?.message).toMatch(
      new RegExp(`^port ${port}, published for web-1, is taken by .*\\(pid ${process.pid}\\)$`),
    );
    expect(problem?.hint).toMatch(/publish \d+ instead/);
  });

  it.skipIf(process.platform !== "linux")("finds the process, and nobody where nobody listens", async () => {
    const port = await occupy("127.0.0.1");
    const holder = findPortHolder(port);
    expect(holder?.pid).toBe(process.pid);
    expect(holder?.since).toBeLessThanOrEqual(Date.now());
    expect(await isPortFree(port)).toBe(false);
    servers.pop()?.close();
    expect(findPortHolder(port)).toBeUndefined();
    expect(await checkPublishedPorts([{ workload: "web-1", hostPort: port }])).toEqual([]);
  });
});

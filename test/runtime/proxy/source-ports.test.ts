import { once } from "node:events";
import { createServer } from "node:net";
import { expect, it, vi } from "vitest";
import type { ConnectionEvent } from "../../../runtime/model/event.ts";
import { createSourcePorts } from "../../../runtime/proxy/source-ports.ts";
import { createProxyWorld, type ProxyWorld } from "../../support/proxy-world.ts";

const inboundOf = (world: ProxyWorld): readonly ConnectionEvent[] =>
  world.connections().filter(({ side }) => side === "inbound");

it("ports come in turn for each address, and begin anew at the end", () => {
  const ports = createSourcePorts(() => 0.999_99);
  expect([1, 2, 3].map(() => ports.next("127.0.0.2"))).toEqual([60_999, 32_768, 32_769]);
  expect(ports.next("127.0.0.3")).toBe(60_999);
  expect(createSourcePorts(() => 0).next("127.0.0.2")).toBe(32_768);
});

it("calls leave from the workload's address, from one port after the other; one that is taken is left out", async () => {
  await using world = await createProxyWorld({
    project: "services:\n  frontend: {run: x, port: 8080}\n  backend: {run: x, ports: [{name: tcp, port: 9000}]}\n",
  });
  await world.tcp("backend-1", 9000, (socket) => socket.resume().end("bye"));
  const call = async (): Promise<number> => {
    const before = inboundOf(world).length;
    const socket = world.dial("frontend-1", "backend", 9000);
    socket.end("hello");
    await once(socket.resume(), "close");
    const [inbound] = await vi.waitFor(() => {
      const fresh = inboundOf(world).slice(before);
      expect(fresh).toHaveLength(1);
      return fresh;
    }, 5000);
    expect(inbound?.from.address).toMatch(`${world.workload("frontend-1").address}:`);
    return Number(inbound?.from.address.split(":").at(-1));
  };
  const port = await call();
  expect(await call()).toBe(port + 1);
  const other = createServer().listen(port + 2, world.inbound("frontend-1", 8080).host);
  await once(other, "listening");
  expect(await call()).not.toBe(port + 2);
  expect(await call()).toBe(port + 3);
  other.close();
  await once(other, "close");
});

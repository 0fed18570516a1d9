import { createServer } from "node:net";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { createProxyWorld } from "../../support/proxy-world.ts";

const project = "services:\n  backend: {run: x, port: 8080}\n";

test("a port that is taken is a NACK with its address, and the policy is in force all the same", async () => {
  await using world = await createProxyWorld({ project });
  const taken = createServer();
  const port = await new Promise<number>((done) => {
    taken.listen(0, "127.0.0.1", () => {
      const at = taken.address();
      done(typeof at === "object" && at !== null ? at.port : 0);
    });
  });
  const at = world.inbound("backend-1", 8080);
  world.send({
    type: "apply",
    generation: 9,
    snapshots: [],
    placements: [
      {
        proxy: "backend-1",
        inbound: [
          { port: 8080, host: at.host, listen: at.port },
          { port: 8080, host: "127.0.0.1", listen: port },
        ],
        app: {},
        appHost: "127.0.0.1",
        outbound: join(world.folder, "o-backend-1"),
        dialFrom: undefined,
      },
    ],
    removed: [],
    addresses: { kind: "alias", second: world.second },
    names: {},
  });
  await vi.waitFor(() => {
    expect(world.sent.find(({ type }) => type === "nack")).toMatchObject({
      generation: 9,
      reason: expect.stringContaining(`127.0.0.1:${port}`),
    });
  }, 5000);
  expect(world.events.find(({ type }) => type === "listener.failed")).toMatchObject({ address: `127.0.0.1:${port}` });
  taken.close();
});

test("a snapshot that cannot be bound is a NACK, and the last one stays", async () => {
  await using world = await createProxyWorld({ project });
  const broken: unknown = {
    proxy: "backend-1",
    hashes: { inbound: "new", outbound: "new", trust: "new" },
    inbound: null,
  };
  const message = {
    type: "apply",
    generation: 9,
    snapshots: [broken],
    placements: [],
    removed: [],
    addresses: { kind: "alias", second: world.second },
    names: {},
  };
  world.send(JSON.parse(JSON.stringify(message)));
  expect(world.sent.find(({ type }) => type === "nack")).toMatchObject({ generation: 9, proxy: "backend-1" });
});

test("a proxy that is removed stops listening", async () => {
  await using world = await createProxyWorld({ project });
  world.send({
    type: "apply",
    generation: 9,
    snapshots: [],
    placements: [],
    removed: ["backend-1"],
    addresses: { kind: "alias", second: world.second },
    names: {},
  });
  const again = createServer();
  const { host, port } = world.inbound("backend-1", 8080);
  await vi.waitFor(async () => {
    await new Promise<void>((done, fail) => {
      again.once("error", fail);
      again.listen(port, host, done);
    });
  });
  expect(again.listening).toBe(true);
  again.close();
});

import { connect as connectTls } from "node:tls";
import { expect, test, vi } from "vitest";
import { readAll } from "../../support/proxy-talk.ts";
import { createProxyWorld } from "../../support/proxy-world.ts";

const services = ["backend", "second"]
  .map(
    (name) => `
apiVersion: v1
kind: Service
metadata: {name: ${name}, namespace: default}
spec:
  selector: {app: ${name}}
  ports: [{name: tcp, port: 9000}, {name: tls, port: 8443}]
---
`,
  )
  .join("");

function rules(spec: string): string {
  return `${services}
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: v, namespace: default}
spec: {hosts: [backend], ${spec}}
`;
}

const project = `
services:
  frontend: {run: x, port: 8080}
  backend: {run: x, ports: [9000, 8443]}
  second: {run: x, ports: [9000, 8443]}
`;

// recorded: tcp-tls-routing/vs-route, vs-missing-subset
test("a tcp rule sends bytes elsewhere; one to a subset that does not exist closes, and a new rule holds at once", async () => {
  const elsewhere = rules("tcp: [{route: [{destination: {host: second, port: {number: 9000}}}]}]");
  await using world = await createProxyWorld({ project, mesh: elsewhere });
  await world.tcp("second-1", 9000, (socket) => socket.end("second"));
  const first = world.dial("frontend-1", "backend", 9000);
  first.write("hello\n");
  expect((await readAll(first)).bytes.toString()).toBe("second");

  await world.apply(rules("tcp: [{route: [{destination: {host: backend, subset: v9}}]}]"));
  const refused = world.dial("frontend-1", "backend", 9000);
  refused.write("hello\n");
  expect((await readAll(refused)).bytes.length).toBe(0);
  await vi.waitFor(() => {
    expect(world.connections().find((event) => event.flags === "NC")).toMatchObject({
      side: "outbound",
      cluster: null,
    });
  });
});

// recorded: tcp-tls-routing/tls-rules-on-tcp-port; errata traffic A8
test("a tls rule is chosen by the server name; a name that no rule has goes where it was dialled", async () => {
  const mesh = rules(
    "tls: [{match: [{sniHosts: [backend]}], route: [{destination: {host: second, port: {number: 8443}}}]}]",
  );
  await using world = await createProxyWorld({ project, mesh });
  const seen: string[] = [];
  for (const name of ["backend", "second"]) {
    await world.tcp(`${name}-1`, 8443, (socket) => {
      seen.push(name);
      socket.destroy();
    });
  }
  for (const servername of ["Backend", "other"]) {
    const before = seen.length;
    const socket = connectTls({ socket: world.dial("frontend-1", "backend", 8443), servername });
    socket.on("error", () => undefined);
    await vi.waitFor(() => {
      expect(seen.length).toBe(before + 1);
    });
    socket.destroy();
  }
  expect(seen).toEqual(["second", "backend"]);
});

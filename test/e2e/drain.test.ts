import { connect, type Socket } from "node:net";
import { describe, expect, it } from "vitest";
import { exchange } from "../support/proxy-talk.ts";
import { serverProgram } from "./support/load.ts";
import { createProject, freePort, until } from "./support/project.ts";

const policy = (action: "ALLOW" | "DENY"): string => `apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: everything, namespace: default}
spec:
  action: ${action}
  rules: [{to: [{operation: {methods: ["GET"]}}]}]
`;

const get = "GET / HTTP/1.1\r\nHost: web\r\n\r\n";

describe("a policy that changes under an open connection", () => {
  it.each([
    ["strict", ["403 -", "403 -"]],
    ["istio", ["200 close", "403 -"]],
  ])("with --drain=%s", async (drain, wanted) => {
    const port = await freePort();
    await using project = createProject({
      "meshdev.yaml": `services:\n  web: {run: [node, server.mjs], port: 8080, publish: "${port}:8080"}\nmesh: ./mesh\n`,
      "server.mjs": serverProgram,
      "mesh/policy.yaml": policy("ALLOW"),
    });
    const up = await project.meshdev("up", "-d", "--drain", drain);
    expect(up, up.stderr).toMatchObject({ code: 0 });
    const shown = async (socket: Socket): Promise<string> => {
      const { status, headers } = await exchange(socket, get);
      return `${status} ${headers["connection"] ?? "-"}`;
    };
    const old = connect(port, "127.0.0.1");
    expect(await shown(old)).toBe("200 -");
    project.write("mesh/policy.yaml", policy("DENY"));
    await until("the second generation", async () => {
      const { generation } = JSON.parse((await project.meshdev("ps", "-o", "json")).stdout) as {
        readonly generation: { readonly number: number; readonly live: number; readonly total: number };
      };
      return generation.number === 2 && generation.live === generation.total ? true : undefined;
    });
    const fresh = connect(port, "127.0.0.1");
    expect([await shown(old), await shown(fresh)]).toEqual(wanted);
    old.destroy();
    fresh.destroy();
  });
});

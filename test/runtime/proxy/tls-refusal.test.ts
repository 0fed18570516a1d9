import { connect } from "node:tls";
import { describe, expect, it, test, vi } from "vitest";
import { systemClock } from "../../../runtime/core/clock.ts";
import { createCa, signCsr } from "../../../runtime/identity/ca.ts";
import { createKeyAndCsr } from "../../../runtime/identity/csr.ts";
import { exchange } from "../../support/proxy-talk.ts";
import { createProxyWorld, type ProxyWorld } from "../../support/proxy-world.ts";
import { strict, twoServices as project } from "../../support/strict-mesh.ts";

const get = "GET / HTTP/1.1\r\nHost: backend:8080\r\n\r\n";

/** A mesh in which one sidecar's certificate comes from a CA that nobody trusts. */
async function worldWithRogue(rogue: string): Promise<ProxyWorld> {
  const ca = await createCa("cluster.local", systemClock);
  return createProxyWorld({
    project,
    mesh: strict,
    sign: async (proxy, csr, usual) => {
      if (proxy !== rogue) return usual();
      const identity = {
        trustDomain: "cluster.local",
        namespace: "default",
        serviceAccount: proxy.split("-")[0] ?? "",
      };
      return (await signCsr(ca, csr, identity, 600_000, systemClock)).chain;
    },
  });
}

describe("a certificate that is refused", () => {
  it("is told by both sides with the alert, when the server refuses", async () => {
    await using world = await worldWithRogue("frontend-1");
    await world.http("backend-1", 8080, (_request, response) => response.end("never"));
    for (let i = 0; i < 20; i += 1) {
      const answer = await exchange(world.dial("frontend-1", "backend", 8080), get);
      expect(answer.status).toBe(503);
    }
    await vi.waitFor(() => {
      const failed = world.handshakes("handshake.failed");
      expect(failed.filter(({ side }) => side === "server").map(({ failure }) => failure?.alert)).toEqual(
        Array.from({ length: 20 }, () => "unknown_ca"),
      );
      expect(failed.filter(({ side }) => side === "client").map(({ failure }) => failure?.alert)).toEqual(
        Array.from({ length: 20 }, () => "unknown_ca"),
      );
    });
  });

  it("is told by both sides with the alert, when the client refuses", async () => {
    await using world = await worldWithRogue("backend-1");
    await world.http("backend-1", 8080, (_request, response) => response.end("never"));
    const answer = await exchange(world.dial("frontend-1", "backend", 8080), get);
    expect(answer.status).toBe(503);
    await vi.waitFor(() => {
      const failed = world.handshakes("handshake.failed");
      expect(failed.find(({ side }) => side === "client")?.failure?.alert).toBe("unknown_ca");
      expect(failed.find(({ side }) => side === "server")?.failure).toMatchObject({
        alert: "unknown_ca",
        reason: "the other side refused the handshake: unknown ca",
      });
    });
  });
});

/** What a TLS library that is not ours reads on the wire. */
async function refusalSeenBy(
  world: ProxyWorld,
  certificate: { readonly key: string; readonly cert: string },
  suite: string,
): Promise<string | undefined> {
  const { host, port } = world.inbound("backend-1", 8080);
  const alpn = ["istio", "http/1.1"];
  const socket = connect({
    host,
    port,
    rejectUnauthorized: false,
    ciphers: suite,
    ALPNProtocols: alpn,
    ...certificate,
  });
  return new Promise((resolve) => {
    // Like any client that is through with its handshake, it speaks at once.
    socket.on("secureConnect", () => socket.write(get));
    socket.on("error", (error: NodeJS.ErrnoException) => {
      resolve(error.code);
    });
    socket.on("close", () => {
      resolve(undefined);
    });
  });
}

test.each(["TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"])(
  "the alert is on the wire under %s",
  async (suite) => {
    await using world = await createProxyWorld({ project, mesh: strict });
    const { key, csr } = createKeyAndCsr();
    const stranger = { trustDomain: "other.example", namespace: "default", serviceAccount: "frontend" };
    const { chain } = await signCsr(world.ca, csr, stranger, 600_000, systemClock);
    expect(await refusalSeenBy(world, { key, cert: chain }, suite)).toMatch(/_ALERT_CERTIFICATE_UNKNOWN$/);
    const rogue = await createCa("cluster.local", systemClock);
    const own = { trustDomain: "cluster.local", namespace: "default", serviceAccount: "frontend" };
    const forged = await signCsr(rogue, csr, own, 600_000, systemClock);
    expect(await refusalSeenBy(world, { key, cert: forged.chain }, suite)).toMatch(/_ALERT_UNKNOWN_CA$/);
  },
);

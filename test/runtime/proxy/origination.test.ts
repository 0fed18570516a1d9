import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { systemClock } from "../../../runtime/core/clock.ts";
import { createCa } from "../../../runtime/identity/ca.ts";
import { originationContext, type OriginationTls } from "../../../runtime/proxy/origination.ts";
import { createOriginationWorld } from "../../support/origination-world.ts";
import { exchange } from "../../support/proxy-talk.ts";

const name = "spiffe://cluster.local/ns/default/sa/app";

/** What differs from SIMPLE with the right root; files by the names of the world's. */
interface Change extends Partial<Pick<OriginationTls, "mode" | "sni" | "subjectAltNames" | "skipVerify">> {
  readonly caFile?: string;
  readonly crlFile?: string;
  readonly inSecret?: { readonly ca?: string; readonly cert?: string; readonly crl?: string };
}

test.each([
  ["MUTUAL with the right root and name", { mode: "mutual", subjectAltNames: [name] }, 200, undefined],
  ["SIMPLE, no name asked for because the SNI is fixed", { mode: "simple" }, 200, undefined],
  [
    "another name",
    { subjectAltNames: ["spiffe://cluster.local/ns/default/sa/x"] },
    503,
    "who the DestinationRule names",
  ],
  ["the Host as name, which the certificate does not have", { sni: undefined }, 503, "not for backend"],
  ["another root", { caFile: "other" }, 503, "unable to"],
  ["another root, not looked at", { caFile: "other", skipVerify: true }, 200, undefined],
  ["a file that is not there", { caFile: "missing" }, 503, "no such file"],
  ["a certificate on the list of revoked ones", { crlFile: "revoked" }, 503, "revoked"],
  ["one that is not on it", { crlFile: "others" }, 200, undefined],
  ["a list by somebody else", { crlFile: "foreign" }, 503, "unable to get crl"],
  ["a list that is not there", { crlFile: "missing" }, 503, "no such file"],
  ["a file that is no list", { crlFile: "ca" }, 503, ""],
  ["a list that is not looked at", { crlFile: "revoked", skipVerify: true }, 200, undefined],
  ["a secret", { mode: "mutual", inSecret: {} }, 200, undefined],
  ["a secret with a list", { mode: "mutual", inSecret: { crl: "revoked" } }, 503, "revoked"],
  ["a secret with a list of others", { mode: "mutual", inSecret: { crl: "others" } }, 200, undefined],
  ["a secret with another root", { mode: "mutual", inSecret: { ca: "other" } }, 503, "unable to"],
  ["a secret that holds no certificate", { mode: "mutual", inSecret: { cert: "key" } }, 503, ""],
] satisfies readonly (readonly [string, Change, number, string | undefined])[])(
  "TLS of a DestinationRule's own: %s",
  async (_, change, status, reason) => {
    await using origination = await createOriginationWorld(
      (socket) => {
        socket.once("data", () => socket.end("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"));
      },
      (path) => {
        const { inSecret, caFile = "ca", crlFile, ...plain }: Change = change;
        const text = (file: string): string => (existsSync(path(file)) ? readFileSync(path(file), "utf8") : "");
        const { ca = "ca", cert = "cert", crl } = inSecret ?? {};
        const secret = {
          ca: text(ca),
          cert: text(cert),
          key: text("key"),
          ...(crl === undefined ? {} : { crl: text(crl) }),
        };
        return {
          mode: "simple",
          sni: "fixed",
          subjectAltNames: [],
          certFile: path("cert"),
          keyFile: path("key"),
          skipVerify: false,
          ...plain,
          caFile: path(caFile),
          ...(crlFile === undefined ? {} : { crlFile: path(crlFile) }),
          ...(inSecret === undefined ? {} : { secret }),
        };
      },
    );
    const { world } = origination;
    const answer = await exchange(
      world.dial("frontend-1", "backend", 8080),
      "GET / HTTP/1.1\r\nHost: backend:8080\r\n\r\n",
    );
    expect(answer.status).toBe(status);
    await vi.waitFor(() => {
      expect(world.handshakes().length).toBeGreaterThan(0);
    });
    if (reason !== undefined) expect(world.handshakes("handshake.failed")[0]?.failure?.reason).toContain(reason);
  },
);

test("a context is made once for what its files hold, and anew when a file changes", async () => {
  const folder = mkdtempSync(join(tmpdir(), "md-origination-"));
  try {
    const [one, other] = [await createCa("one", systemClock), await createCa("other", systemClock)];
    const caFile = join(folder, "ca.pem");
    const tls: OriginationTls = {
      mode: "simple",
      sni: undefined,
      subjectAltNames: [],
      caFile,
      certFile: undefined,
      keyFile: undefined,
      skipVerify: false,
    };
    writeFileSync(caFile, one.roots);
    const first = originationContext(tls);
    expect(originationContext({ ...tls, sni: "elsewhere" }).context).toBe(first.context);
    writeFileSync(caFile, other.roots);
    const second = originationContext(tls);
    expect(second.context).not.toBe(first.context);
    expect(second.id).not.toBe(first.id);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

import { describe, expect, it } from "vitest";
import { certificate, handshake, meshState, plaintext, startedAt, svid } from "../../support/synthetic.ts";
import { play, stage } from "../../support/stage.ts";

const size = { columns: 180, rows: 44 };
const now = (): number => Date.parse(startedAt) + 100_000;

describe("the TLS view", () => {
  it("lists handshakes that went well, that failed, and certificates that came", () => {
    const { feed, show, type } = stage(size, { now });
    play(feed, [
      svid("backend", 1, { type: "svid.issued" }),
      handshake(2),
      handshake(3, { tls: { ...handshake(3).tls, resumed: true } }),
      plaintext(4),
      svid("backend", 5),
    ]);
    type("3");
    expect(show().split("\n").slice(2, 8).join("\n")).toMatch(
      /RESULT.*\n.*issued +backend-1 +certificate for.*\n.*ok .*\n.*resumed .*\n.*FAILED .*plaintext under STRICT.*\n.*rotated/,
    );
  });

  it("names the step that failed, and the YAML that made it so", () => {
    const { feed, show, type } = stage(size, { now });
    play(feed, [plaintext(4)]);
    type("3");
    expect(show()).toContain("handshake failed before TLS");
    expect(show()).toMatch(/PeerAuthentication default\/backend\s+│?\s*mesh\/peer.yaml:8:11/);
  });

  it("shows both certificates with what they chain to", () => {
    const chain = [{ subject: "CN=Intermediate", serial: "77", notAfter: "2030-01-01T00:00:00.000Z" }];
    const { feed, show, type } = stage({ columns: 90, rows: 50 }, { now });
    play(feed, [handshake(2, { peer: { ...certificate("frontend"), chain } })]);
    type("3", "return");
    expect(show()).toContain("server  spiffe://cluster.local/ns/default/sa/backend");
    expect(show()).toContain("client  spiffe://cluster.local/ns/default/sa/frontend");
    expect(show()).toContain("valid 2026-01-02 03:04:05Z to 2026-01-03 03:04:05Z");
    expect(show()).toContain("chain CN=Intermediate  serial 77  until 2030-01-01 00:00:00Z");
  });

  it("tells when certificates came, and the next rotation as the prediction that it is", () => {
    const { feed, show, type } = stage({ columns: 90, rows: 50 }, { now });
    play(feed, [svid("backend", 1, { type: "svid.issued" }), svid("backend", 60)], meshState());
    type("3", "return");
    const lines = show().split("\n");
    const at = lines.findIndex((line) => line.includes("certificates of backend-1, newest first"));
    expect(lines.slice(at + 1, at + 4).map((line) => line.trim().split(/ +/)[1])).toEqual([
      "rotation",
      "rotated",
      "issued",
    ]);
    expect(lines[at + 1]).toContain("predicted, in 11h58m");
  });
});

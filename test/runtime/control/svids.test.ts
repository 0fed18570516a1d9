import { describe, expect, it } from "vitest";
import { createSvids } from "../../../runtime/control/svids.ts";
import type { ToDataPlane } from "../../../runtime/model/dataplane.ts";
import { createTestClock } from "./test-clock.ts";

const facts = {
  spiffe: "spiffe://x",
  sans: [],
  serial: "1",
  issuer: "",
  notBefore: "",
  notAfter: "",
  sha256: "",
  chain: [],
};

function setup(lifeMs = 10_000) {
  const clock = createTestClock();
  const sent: ToDataPlane[] = [];
  const issued: (readonly [string, boolean])[] = [];
  const identities = new Map([["frontend-1", "spiffe://cluster.local/ns/default/sa/frontend"]]);
  const signed: string[] = [];
  const svids = createSvids({
    clock,
    identityOf: (proxy) => identities.get(proxy),
    sign: (csr, spiffe) => {
      if (csr === "bad") return Promise.reject(new Error("the certificate request cannot be accepted"));
      signed.push(spiffe);
      return Promise.resolve({ chain: `chain of ${spiffe}`, facts, rotateAt: clock.now() + lifeMs / 2 });
    },
    send: (message) => sent.push(message),
    onIssued: (proxy, _facts, first) => issued.push([proxy, first]),
  });
  return { clock, sent, issued, identities, signed, svids };
}

describe("SVIDs", () => {
  it("are for the identity that the mesh says, and renewed in time", async () => {
    const { clock, sent, issued, signed, svids } = setup();
    await svids.answer("frontend-1", "csr");
    expect(signed).toEqual(["spiffe://cluster.local/ns/default/sa/frontend"]);
    expect(sent).toEqual([
      { type: "svid", proxy: "frontend-1", chain: "chain of spiffe://cluster.local/ns/default/sa/frontend" },
    ]);
    clock.advance(4_999);
    expect(sent).toHaveLength(1);
    clock.advance(1);
    expect(sent.at(-1)).toEqual({ type: "svid.renew", proxy: "frontend-1" });
    await svids.answer("frontend-1", "csr");
    expect(issued).toEqual([
      ["frontend-1", true],
      ["frontend-1", false],
    ]);
  });

  it("are refused to names that this mesh does not have, and for requests that cannot be accepted", async () => {
    const { sent, signed, svids } = setup();
    await svids.answer("stranger-1", "csr");
    await svids.answer("frontend-1", "bad");
    expect(sent).toMatchObject([
      { type: "svid.refused", proxy: "stranger-1" },
      { type: "svid.refused", proxy: "frontend-1", reason: "the certificate request cannot be accepted" },
    ]);
    expect(signed).toEqual([]);
  });

  it("are not sent when the identity changed while it was signed", async () => {
    const { sent, identities, svids } = setup();
    const answer = svids.answer("frontend-1", "csr");
    identities.set("frontend-1", "spiffe://cluster.local/ns/default/sa/other");
    await answer;
    expect(sent).toEqual([]);
  });

  it("of a day or more outlive the longest timer", async () => {
    const month = 30 * 24 * 3_600_000;
    const { clock, sent, svids } = setup(2 * month);
    await svids.answer("frontend-1", "csr");
    clock.advance(month - 1);
    expect(sent).toHaveLength(1);
    clock.advance(1);
    expect(sent).toHaveLength(2);
  });

  it("can be renewed by hand, and are forgotten with their proxy", async () => {
    const { clock, sent, svids } = setup();
    await svids.answer("frontend-1", "csr");
    svids.renew("frontend-1");
    expect(sent.at(-1)).toEqual({ type: "svid.renew", proxy: "frontend-1" });
    svids.forget("frontend-1");
    expect(clock.pending()).toBe(0);
    await svids.answer("frontend-1", "csr");
    svids.close();
    expect(clock.pending()).toBe(0);
  });
});

import { describe, expect, it } from "vitest";
import { compile } from "../../../runtime/compile/compile.ts";
import { causeOf } from "../../../runtime/store/cause.ts";
import { clashOf, endsOf, tlsSides } from "../../../runtime/store/tls-sides.ts";
import { exchange, handshake, plaintext, refusal } from "../../cli/support/synthetic.ts";
import { smallMesh } from "../../support/paper-mesh.ts";

function sides(client: string, server: string): ReturnType<typeof tlsSides> {
  const mesh = smallMesh(`apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: peers}
spec:
  mtls: {mode: ${server}}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: calls}
spec:
  host: backend
  trafficPolicy:
    tls: {mode: ${client}}
`);
  const world = { ready: new Set(mesh.workloads.map(({ id }) => id)), keySets: new Map() };
  const snapshots = compile(mesh, world);
  const [from, to] = [snapshots.get("frontend"), snapshots.get("backend")];
  if (from === undefined || to === undefined) throw new Error("the mesh has both");
  return tlsSides(from, to, "10.244.0.3:8080");
}

describe("TLS settings of two sides", () => {
  it.each([
    [
      "DISABLE",
      "STRICT",
      /sends plaintext \(DestinationRule default\/calls at mesh\.yaml:13:\d+\), the server's is STRICT \(PeerAuth/,
    ],
    ["SIMPLE", "STRICT", /sends TLS that is not the mesh's .*STRICT/],
    ["SIMPLE", "PERMISSIVE", /sends TLS that is not the mesh's .*PERMISSIVE/],
    ["ISTIO_MUTUAL", "DISABLE", /sends the mesh's mTLS .*DISABLE/],
  ])("%s meets %s", (client, server, text) => {
    const clash = clashOf(sides(client, server) ?? expect.fail("no endpoint"));
    expect(clash?.text).toMatch(text);
    expect(clash).toMatchObject({
      at: { line: 13 },
      what: "DestinationRule default/calls spec.trafficPolicy.tls.mode",
    });
  });

  it.each([
    ["DISABLE", "PERMISSIVE"],
    ["DISABLE", "DISABLE"],
    ["ISTIO_MUTUAL", "STRICT"],
    ["ISTIO_MUTUAL", "PERMISSIVE"],
  ])("%s goes with %s", (client, server) => {
    expect(clashOf(sides(client, server) ?? expect.fail("no endpoint"))).toBeUndefined();
  });

  it("are asked about where no policy decided, and are told with what was seen", () => {
    expect(endsOf(plaintext(1))).toEqual({ from: "outsider-1", to: "backend-1", endpoint: "10.244.0.4:8080" });
    expect(endsOf(refusal(1))).toBeUndefined();
    expect(endsOf(handshake(1))).toBeUndefined();
    const clash = sides("DISABLE", "STRICT");
    expect(causeOf(plaintext(1), { sides: clash })?.text).toMatch(
      /^plaintext under STRICT.*; the caller's sidecar sends/,
    );
    const outbound = exchange(1, { side: "outbound", decision: null, status: 503, flags: "UC" });
    expect(causeOf(outbound)).toBeUndefined();
    expect(causeOf(outbound, { sides: clash })).toMatchObject({ at: { line: 13 } });
    expect(causeOf(outbound, { handshake: plaintext(1) })?.text).toMatch(/^plaintext under STRICT/);
  });
});

import { describe, expect, it } from "vitest";
import { readCapture } from "../../../../runtime/proxy/pods/capture.ts";

const map = { kind: "pods", second: 244, outsiders: [] } as const;
const ends = (remoteAddress: string, localAddress: string, localPort = 8080) => ({
  remoteAddress,
  remotePort: 40_000,
  localAddress,
  localPort,
});

describe("what the transparent listener took", () => {
  it("is a pod's call to wherever it dialled", () => {
    for (const address of ["10.96.0.5", "10.244.0.4", "93.184.216.34"])
      expect(readCapture(map, "10.244.0.1", ends("10.244.0.3", address, 65_000))).toEqual({
        kind: "outbound",
        pod: "10.244.0.3",
        destination: { address, port: 65_000 },
      });
  });

  it("or a sidecar's call to a pod's port, whichever", () => {
    expect(readCapture(map, "10.244.0.1", ends("127.244.0.3", "127.244.0.4", 9999))).toEqual({
      kind: "inbound",
      pod: "10.244.0.4",
      port: 9999,
    });
  });

  it.each([
    ["the listener itself was dialled", map, ends("10.244.0.3", "10.244.0.1", 15_001)],
    ["from within the mesh namespace, too", map, ends("127.0.0.1", "127.0.0.1", 15_001)],
    ["a sidecar's address calls the machine's", map, ends("127.244.0.3", "10.96.0.5")],
    ["a socket that is gone has no ends", map, { ...ends("10.244.0.3", "10.96.0.5"), remoteAddress: undefined }],
    ["no pods, no capture", { kind: "alias", second: 244 } as const, ends("10.244.0.3", "10.96.0.5")],
  ])("or nothing: %s", (_why, addresses, seen) => {
    expect(readCapture(addresses, "10.244.0.1", seen)).toEqual({ kind: "stray" });
  });
});

import { describe, expect, it } from "vitest";
import type { ConnectionSeen, EffectiveMtlsMode, InboundListener } from "../../../runtime/model/snapshot.ts";
import { chooseChain, inboundChains } from "../../../runtime/policy/chains.ts";

function outcome(protocol: InboundListener["protocol"], mode: EffectiveMtlsMode, seen: ConnectionSeen): string {
  const chains = inboundChains(protocol, mode, { http: "h", tcp: "t" });
  const listener: InboundListener = {
    port: 1,
    protocol,
    mode,
    because: [],
    chains,
    cluster: "",
    http: "http1",
    appPort: undefined,
    maxRequests: undefined,
    virtualHost: "",
  };
  const chain = chooseChain(listener, seen);
  if (chain === undefined) return "none";
  return `${chain.terminates ? "mtls " : ""}${chain.network}`;
}

const plainTcp: ConnectionSeen = { transport: "raw", protocols: [] };
const plainHttp: ConnectionSeen = { transport: "raw", protocols: ["http/1.1"] };
const oldHttp: ConnectionSeen = { transport: "raw", protocols: ["http/1.0"] };
const foreign: ConnectionSeen = { transport: "tls", protocols: ["http/1.1"] };
const bare: ConnectionSeen = { transport: "tls", protocols: [] };
const meshTcp: ConnectionSeen = { transport: "tls", protocols: ["istio-peer-exchange", "istio"] };
const meshHttp: ConnectionSeen = { transport: "tls", protocols: ["istio-http/1.1", "istio", "http/1.1"] };
const reverse: ConnectionSeen = { transport: "tls", protocols: ["istio", "istio-http/1.1"] };

describe("which chain takes a connection", () => {
  // spec security 2.5, and the order of the client's ALPN
  it.each([
    ["tcp", plainTcp, "tcp", "tcp", "none"],
    ["tcp", plainHttp, "tcp", "tcp", "none"],
    ["tcp", foreign, "tcp", "tcp", "mtls tcp"],
    ["tcp", bare, "tcp", "tcp", "mtls tcp"],
    ["tcp", meshTcp, "tcp", "mtls tcp", "mtls tcp"],
    ["tcp", meshHttp, "tcp", "mtls tcp", "mtls tcp"],
    ["http", plainHttp, "http", "http", "none"],
    ["http", plainTcp, "http", "http", "none"],
    ["http", foreign, "http", "none", "mtls http"],
    ["http", bare, "http", "none", "mtls http"],
    ["http", meshHttp, "http", "mtls http", "mtls http"],
    ["http", meshTcp, "http", "mtls http", "mtls http"],
    ["auto", plainHttp, "http", "http", "none"],
    ["auto", oldHttp, "tcp", "tcp", "none"],
    ["auto", plainTcp, "tcp", "tcp", "none"],
    ["auto", foreign, "tcp", "tcp", "mtls tcp"],
    ["auto", bare, "tcp", "tcp", "mtls tcp"],
    ["auto", meshTcp, "tcp", "mtls tcp", "mtls tcp"],
    ["auto", meshHttp, "tcp", "mtls http", "mtls http"],
    ["auto", reverse, "tcp", "mtls tcp", "mtls http"],
  ] as const)("%s port, %o: DISABLE %s, PERMISSIVE %s, STRICT %s", (protocol, seen, disabled, permissive, strict) => {
    const modes = ["DISABLE", "PERMISSIVE", "STRICT"] as const;
    expect(modes.map((mode) => outcome(protocol, mode, seen))).toEqual([disabled, permissive, strict]);
  });

  it("takes no plaintext under STRICT, whatever the port", () => {
    for (const protocol of ["http", "tcp", "auto"] as const) {
      for (const seen of [plainTcp, plainHttp, oldHttp]) expect(outcome(protocol, "STRICT", seen)).toBe("none");
    }
  });
});

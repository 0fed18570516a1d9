import { describe, expect, it } from "vitest";
import { inboundOptions, outboundOptions } from "../../../runtime/compile/http-options.ts";
import {
  readProxyConfig,
  readProxyConfigAnnotation,
  unenforcedProxyConfig,
} from "../../../runtime/config/proxy-config.ts";
import type { ProxyConfig } from "../../../runtime/model/proxy-config.ts";
import { defaultInboundOptions, defaultOutboundOptions } from "../../../runtime/traffic/http-options.ts";
import { paperMesh, paperWorkload } from "../../support/paper-mesh.ts";

const mesh = (defaultConfig: Record<string, unknown>): ReturnType<typeof paperMesh> =>
  paperMesh({ workloads: [], meshConfig: { defaultConfig } });
const plain = paperWorkload("frontend", "10.244.0.2");
const withConfig = (proxyConfig: ProxyConfig): typeof plain => ({ ...plain, proxyConfig });

describe("what a sidecar does to headers", () => {
  it("is Istio's default when nothing is said", () => {
    expect(inboundOptions(mesh({}), plain)).toEqual(defaultInboundOptions);
    expect(outboundOptions(mesh({}), plain)).toEqual(defaultOutboundOptions);
  });

  // recorded: headers/proxy-headers-*, xfcc-headers/*
  it.each([
    [{ server: { value: "mine" } }, { server: "mine" }, { server: "mine" }],
    [{ server: { disabled: true, value: "mine" } }, { server: undefined }, { server: undefined }],
    [{ requestId: { disabled: true } }, { requestId: false }, { requestId: false }],
    [{ attemptCount: { disabled: true } }, { attemptCount: false }, { attemptCount: false }],
    [{ envoyDebugHeaders: { disabled: true } }, { debugHeaders: false }, { debugHeaders: false }],
    [
      { forwardedClientCert: "SANITIZE_SET" },
      { forwardedClientCert: "SANITIZE_SET" },
      { forwardedClientCert: "SANITIZE" },
    ],
    [{ forwardedClientCert: "UNDEFINED" }, {}, {}],
    [
      { setCurrentClientCertDetails: { uri: false } },
      { clientCertDetails: { subject: true, dns: true, uri: false } },
      {},
    ],
    [{ xForwardedPort: { enabled: true }, xForwardedHost: {} }, { forwardedPort: true }, { forwardedPort: true }],
    [{ xForwardedHost: { enabled: true } }, { forwardedHost: true }, { forwardedHost: true }],
  ])("obeys %j", (proxyHeaders, inbound, outbound) => {
    const whole = mesh({ proxyHeaders });
    expect(inboundOptions(whole, plain)).toEqual({ ...defaultInboundOptions, ...inbound });
    expect(outboundOptions(whole, plain)).toEqual({ ...defaultOutboundOptions, ...outbound });
  });

  it("a workload's block replaces the mesh's", () => {
    const whole = mesh({ proxyHeaders: { server: { value: "mesh" }, requestId: { disabled: true } } });
    const own = readProxyConfigAnnotation("proxyHeaders:\n  server: {value: own}\n").config;
    expect(outboundOptions(whole, withConfig(own))).toEqual({ ...defaultOutboundOptions, server: "own" });
    expect(outboundOptions(whole, withConfig({}))).toMatchObject({ server: "mesh", requestId: false });
  });

  it("lets HTTP/1.0 through by istiod's switch, the mesh, or the workload", () => {
    const feature = { ...mesh({}), features: { PILOT_HTTP10: "1" } };
    const metadata = { proxyMetadata: { ISTIO_META_HTTP10: "1" } };
    expect(inboundOptions(feature, plain).http10).toBe(true);
    expect(inboundOptions(mesh(metadata), plain).http10).toBe(true);
    expect(inboundOptions(mesh(metadata), withConfig({ http10: false })).http10).toBe(false);
    expect(inboundOptions({ ...mesh({}), features: { PILOT_HTTP10: "false" } }, plain).http10).toBe(false);
  });
});

describe("reading a ProxyConfig", () => {
  it("tells what has no effect", () => {
    const read = readProxyConfig(
      {
        concurrency: 2,
        proxyMetadata: { ISTIO_META_HTTP10: "1", OTHER: "x" },
        proxyHeaders: { preserveHttp1HeaderCase: true, setCurrentClientCertDetails: { chain: true } },
      },
      "defaultConfig",
    );
    expect(read.unenforced).toEqual([
      "defaultConfig.concurrency",
      "defaultConfig.proxyMetadata.OTHER",
      "defaultConfig.proxyHeaders.preserveHttp1HeaderCase",
    ]);
  });

  it("says of a gateway's topology that sidecars never obey it", () => {
    const read = readProxyConfig({ gatewayTopology: { numTrustedProxies: 1 } }, "defaultConfig");
    expect(unenforcedProxyConfig(read)).toMatchObject([
      {
        code: "MD2001",
        message: expect.stringContaining("a sidecar takes the last address"),
        field: "defaultConfig.gatewayTopology",
      },
    ]);
  });

  it.each([
    ["proxyHeaders: {server: 1}", "annotations.proxy.istio.io/config.proxyHeaders.server"],
    ["proxyHeaders: {forwardedClientCert: all}", "annotations.proxy.istio.io/config.proxyHeaders.forwardedClientCert"],
    ["- a", "annotations.proxy.istio.io/config"],
    ["a: [", "annotations.proxy.istio.io/config"],
  ])("refuses %s and does without it", (text, field) => {
    const read = readProxyConfigAnnotation(text);
    expect(read.findings.map((finding) => finding.field)).toEqual([field]);
    expect(read.config).toEqual({});
  });
});

import { describe, expect, it } from "vitest";
import { formatGrpcTimeout, grpcMessage, isGrpc, parseGrpcTimeout } from "../../../runtime/traffic/grpc.ts";
import { resolveTimeouts, timeoutHeaders } from "../../../runtime/traffic/timeout.ts";
import { judgeUpgrade } from "../../../runtime/traffic/upgrade.ts";
import { reader } from "./request.ts";

describe("limits of a request", () => {
  it.each([
    [undefined, undefined, []],
    [1000, undefined, [["x-envoy-expected-rq-timeout-ms", "1000"]]],
    [undefined, 250, [["x-envoy-expected-rq-timeout-ms", "250"]]],
    [1000, 250, [["x-envoy-expected-rq-timeout-ms", "250"]]],
    [500, 600, [["x-envoy-expected-rq-timeout-ms", "500"]]],
  ])("route %s, try %s", (route, perTry, headers) => {
    expect(timeoutHeaders(resolveTimeouts(route, perTry, false, undefined), 0)).toEqual(headers);
  });

  it("shrink with the time that has passed, down to a millisecond", () => {
    const limits = resolveTimeouts(500, 200, false, undefined);
    expect(timeoutHeaders(limits, 412)).toEqual([["x-envoy-expected-rq-timeout-ms", "88"]]);
    expect(timeoutHeaders(limits, 900)).toEqual([["x-envoy-expected-rq-timeout-ms", "1"]]);
  });

  it.each([
    [500, "200m", 200],
    [500, "2S", 500],
    [500, undefined, 500],
    [undefined, "300m", 300],
    [undefined, undefined, undefined],
    [500, "nonsense", 500],
  ])("gRPC: route %s, deadline %s → %s", (route, deadline, expected) => {
    const limits = resolveTimeouts(route, undefined, true, deadline);
    expect(limits.routeMs).toBe(expected);
    const names = expected === undefined ? [] : ["x-envoy-expected-rq-timeout-ms", "grpc-timeout"];
    expect(timeoutHeaders(limits, 0).map(([name]) => name)).toEqual(names);
  });

  it("a plain request's grpc-timeout means nothing", () => {
    expect(resolveTimeouts(undefined, undefined, false, "100m").routeMs).toBeUndefined();
  });
});

it.each([
  ["application/grpc", true],
  ["application/grpc+proto", true],
  ["application/grpc;x", true],
  ["application/grpc-web", false],
  ["application/json", false],
])("%s is gRPC: %s", (type, expected) => {
  expect(isGrpc(reader({ "content-type": type }))).toBe(expected);
  expect(isGrpc(reader())).toBe(false);
});

it.each([
  ["1H", 3_600_000],
  ["2M", 120_000],
  ["3S", 3000],
  ["4m", 4],
  ["1500u", 2],
  ["1n", 1],
  ["", undefined],
  ["123456789S", undefined],
  ["1x", undefined],
])("grpc-timeout %j is %s ms", (text, expected) => {
  expect(parseGrpcTimeout(text)).toBe(expected);
});

it("writes deadlines and messages as gRPC does", () => {
  expect([formatGrpcTimeout(500), formatGrpcTimeout(100_000_000), formatGrpcTimeout(100_000_000_000)]).toEqual([
    "500m",
    "100000S",
    "1666666M",
  ]);
  expect(grpcMessage("a b%\né")).toBe("a b%25%0A%C3%A9");
});

it.each([
  [undefined, "none"],
  ["h2c", "none"],
  ["WebSocket", "accepted"],
  ["mystery", "refused"],
])("an upgrade to %s is %s", (protocol, verdict) => {
  expect(judgeUpgrade(protocol)).toBe(verdict);
});

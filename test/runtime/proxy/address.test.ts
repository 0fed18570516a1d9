import { expect, test } from "vitest";
import { toModelAddress, toSocketAddress } from "../../../runtime/proxy/address.ts";

const alias = { kind: "alias", second: 201 } as const;
const table = { kind: "table", entries: { "10.244.0.4:8080": { host: "127.0.0.1", port: 4711 } } } as const;

test("workloads have aliases or table entries, everything else stands for itself", () => {
  expect(toSocketAddress(alias, "10.244.0.4", 8080)).toEqual({ host: "127.201.0.4", port: 8080 });
  expect(toSocketAddress(alias, "10.244.3.4", 80)).toEqual({ host: "127.201.3.4", port: 10_080 });
  expect(toSocketAddress(alias, "192.0.2.1", 80)).toEqual({ host: "192.0.2.1", port: 80 });
  expect(toSocketAddress(table, "10.244.0.4", 8080)).toEqual({ host: "127.0.0.1", port: 4711 });
  expect(toSocketAddress(table, "10.244.0.4", 9)).toBeUndefined();
});

test("pods are called at an alias too, at the very port", () => {
  const pods = { kind: "pods", second: 244, outsiders: [] } as const;
  expect(toSocketAddress(pods, "10.244.3.4", 80)).toEqual({ host: "127.244.3.4", port: 80 });
  expect(toSocketAddress(pods, "192.0.2.1", 80)).toEqual({ host: "192.0.2.1", port: 80 });
  expect(toModelAddress(pods, "127.244.3.4")).toBe("10.244.3.4");
  const withOutsider = { ...pods, outsiders: ["10.244.3.4"] };
  expect(toSocketAddress(withOutsider, "10.244.3.4", 80)).toEqual({ host: "10.244.3.4", port: 80 });
});

test("only the session's own alias range names a caller", () => {
  expect(toModelAddress(alias, "127.201.0.4")).toBe("10.244.0.4");
  expect(toModelAddress(alias, "::ffff:127.201.0.4")).toBe("10.244.0.4");
  expect(toModelAddress(alias, "127.202.0.4")).toBe("127.202.0.4");
  expect(toModelAddress(table, "127.201.0.4")).toBe("127.201.0.4");
});

import { expect, it } from "vitest";
import { widened } from "../../../runtime/suite/widen.ts";

it.each([
  ["paths", "/api/data", "/api/*"],
  ["paths", "/api/*", "/*"],
  ["paths", "/*", "*"],
  ["paths", "*/info", "*"],
  ["paths", "*", undefined],
  ["paths", "/v1/{*}", "/v1/{**}"],
  ["paths", "/v1/{*}/x", undefined],
  ["paths", "/v1/{**}", undefined],
  ["principals", "cluster.local/ns/default/sa/web", "cluster.local/ns/default/sa/*"],
  ["requestPrincipals", "https://issuer/alice", "https://issuer/*"],
  ["namespaces", "shop", "shop*"],
  ["methods", "GET", "*"],
  ["hosts", "api.example.com", "*.example.com"],
  ["hosts", "*.example.com", "*"],
  ["hosts", "web", "web*"],
  ["ports", "8080", undefined],
  ["serviceAccounts", "default/web", undefined],
  ["ipBlocks", "10.0.0.0/24", "10.0.0.0/23"],
  ["remoteIpBlocks", "10.0.0.1", "10.0.0.1/31"],
  ["ipBlocks", "2001:db8::1", "2001:db8::1/127"],
  ["ipBlocks", "0.0.0.0/0", undefined],
  ["destination.ip", "10.0.0.1", "10.0.0.1/31"],
  ["request.headers[x-a]", "on", "on*"],
])("%s %s becomes %s", (key, value, wider) => {
  expect(widened(key, value)).toBe(wider);
});

import { expect, it } from "vitest";
import { leaseId, ownerOf } from "../../../runtime/model/lease.ts";

it.each([
  ["orders", ""],
  ["orders", ".shop"],
])("a lease of %s%s leads back to its service", (service, suffix) => {
  expect(ownerOf(leaseId(service, 12, suffix))).toBe(`${service}${suffix}`);
});

it.each(["orders-1", "orders-1.shop", "outside"])("%s is nobody's lease", (name) => {
  expect(ownerOf(name)).toBe(name);
});

import { X509Certificate } from "node:crypto";
import { expect, test } from "vitest";
import { systemClock } from "../../../runtime/core/clock.ts";
import { createCa } from "../../../runtime/identity/ca.ts";
import { createSessionCache } from "../../../runtime/proxy/session-cache.ts";

test("sessions are kept in memory of their own, the newest of them", async () => {
  const leaf = new X509Certificate((await createCa("cluster.local", systemClock)).roots);
  const cache = createSessionCache(2);
  for (const key of ["a", "b", "a", "c"]) cache.put(key, { session: Buffer.from(`session of ${key}`), leaf });
  expect(cache.get("b")).toBeUndefined();
  expect(cache.get("a")?.session.toString()).toBe("session of a");
  expect(cache.get("c")?.session.buffer.byteLength).toBe("session of c".length);
  cache.put("d old", { session: Buffer.from("d"), leaf });
  cache.sweep((key) => !key.includes("old"));
  expect([cache.get("d old"), cache.get("c")?.leaf]).toEqual([undefined, leaf]);
  cache.drop("c");
  expect(cache.get("c")).toBeUndefined();
});

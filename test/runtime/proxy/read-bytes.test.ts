import { once } from "node:events";
import { expect, test, vi } from "vitest";
import { readBytes } from "../../../runtime/proxy/read-bytes.ts";
import { openSocketPair } from "../../support/socket-pair.ts";

test("bytes arrive in order, and what came first stays what it was", async () => {
  await using pair = await openSocketPair();
  const got: Buffer[] = [];
  readBytes(pair.accepted, (bytes) => got.push(bytes));
  pair.accepted.resume();
  for (const text of ["first", "second", "third"]) {
    pair.caller.write(text);
    await vi.waitFor(() => {
      expect(Buffer.concat(got).toString().endsWith(text)).toBe(true);
    });
  }
  expect(got.map(String).join(" ")).toBe("first second third");
});

test("more than one read is not mixed up", async () => {
  await using pair = await openSocketPair();
  const sent = Buffer.from(Array.from({ length: 700_000 }, (_, i) => i % 251));
  const got: Buffer[] = [];
  readBytes(pair.accepted, (bytes) => got.push(bytes));
  pair.accepted.resume();
  pair.caller.end(sent);
  await once(pair.accepted, "end");
  expect(Buffer.concat(got).equals(sent)).toBe(true);
});

test("a paused socket reads no further, and goes on where it was", async () => {
  await using pair = await openSocketPair();
  let count = 0;
  readBytes(pair.accepted, (bytes) => {
    count += bytes.length;
    pair.accepted.pause();
  });
  pair.accepted.resume();
  const size = 8 * 1024 * 1024;
  pair.caller.write(Buffer.alloc(size));
  await vi.waitFor(() => {
    expect(count).toBeGreaterThan(0);
  });
  expect(pair.caller.writableLength).toBeGreaterThan(0);
  readBytes(pair.accepted, (bytes) => {
    count += bytes.length;
  });
  pair.accepted.resume();
  await vi.waitFor(() => {
    expect(count).toBe(size);
  });
});

test("what was read before is returned, once", async () => {
  await using pair = await openSocketPair();
  pair.caller.write("early");
  pair.accepted.on("readable", () => undefined);
  await once(pair.accepted, "readable");
  pair.accepted.removeAllListeners("readable");
  const got: string[] = [];
  expect(String(readBytes(pair.accepted, (bytes) => got.push(String(bytes))))).toBe("early");
  pair.accepted.resume();
  pair.caller.write("late");
  await vi.waitFor(() => {
    expect(got).toEqual(["late"]);
  });
  expect(readBytes(pair.accepted, () => undefined)).toBeUndefined();
});

test("on the Node that runs this, no stream stands between", async () => {
  await using pair = await openSocketPair();
  readBytes(pair.accepted, () => undefined);
  expect(pair.accepted.listenerCount("data")).toBe(0);
});

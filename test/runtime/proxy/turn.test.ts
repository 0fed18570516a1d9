import { expect, test, vi } from "vitest";
import { atEndOfTurn } from "../../../runtime/proxy/turn.ts";

test("everybody is flushed once at the end of the turn, and who asks meanwhile at the end of the next", async () => {
  const seen: string[] = [];
  let again = true;
  const first = {
    flush: () => {
      seen.push("first");
      if (again) atEndOfTurn(first);
      again = false;
    },
  };
  atEndOfTurn(first);
  atEndOfTurn({ flush: () => seen.push("second") });
  expect(seen).toEqual([]);
  await vi.waitFor(() => {
    expect(seen).toEqual(["first", "second", "first"]);
  });
});

test("a fault of one keeps no other waiting", async () => {
  const faults: unknown[] = [];
  const before = process.listeners("uncaughtException");
  process.removeAllListeners("uncaughtException");
  process.once("uncaughtException", (error) => faults.push(error.message));
  let flushed = false;
  atEndOfTurn({
    flush: () => {
      throw new Error("broken");
    },
  });
  atEndOfTurn({ flush: () => (flushed = true) });
  await vi.waitFor(() => {
    expect([faults, flushed]).toEqual([["broken"], true]);
  });
  for (const listener of before) process.on("uncaughtException", listener);
});

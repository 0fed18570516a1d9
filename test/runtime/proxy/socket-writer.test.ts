import { once } from "node:events";
import type { Socket } from "node:net";
import { expect, test, vi } from "vitest";
import { SocketWriter } from "../../../runtime/proxy/socket-writer.ts";
import { openSocketPair } from "../../support/socket-pair.ts";

async function openPair(): Promise<AsyncDisposable & { readonly near: Socket; readonly got: () => string }> {
  const pair = await openSocketPair();
  let text = "";
  pair.accepted.on("data", (bytes: Buffer) => (text += bytes.toString("latin1")));
  pair.accepted.on("end", () => pair.accepted.end());
  pair.accepted.resume();
  return { near: pair.caller, got: () => text, [Symbol.asyncDispose]: () => pair[Symbol.asyncDispose]() };
}

test("what one turn writes leaves at its end, in order, in one write", async () => {
  await using pair = await openPair();
  const writer = new SocketWriter(pair.near);
  const write = vi.spyOn(pair.near, "write");
  expect(writer.write(Buffer.from("a"))).toBe(true);
  expect(writer.write(Buffer.from("b"))).toBe(true);
  expect(write).not.toHaveBeenCalled();
  await vi.waitFor(() => {
    expect(pair.got()).toBe("ab");
  });
  expect(write).toHaveBeenCalledTimes(1);
});

test("the next turn has a write of its own", async () => {
  await using pair = await openPair();
  const writer = new SocketWriter(pair.near);
  for (const text of ["one ", "two ", "three"]) {
    writer.write(Buffer.from(text));
    await vi.waitFor(() => {
      expect(pair.got().endsWith(text)).toBe(true);
    });
  }
  expect(pair.got()).toBe("one two three");
});

test("much does not wait, and takes what waits along", async () => {
  await using pair = await openPair();
  const writer = new SocketWriter(pair.near);
  const much = Buffer.alloc(100_000, "x");
  writer.write(Buffer.from("head "));
  writer.write(much);
  expect(pair.near.bytesWritten).toBe(5 + much.length);
  await vi.waitFor(() => {
    expect(pair.got()).toHaveLength(5 + much.length);
  });
  expect(pair.got().startsWith("head x")).toBe(true);
});

test("flushed bytes leave before the end of the connection, once", async () => {
  await using pair = await openPair();
  const writer = new SocketWriter(pair.near);
  writer.write(Buffer.from("last words"));
  writer.flush();
  pair.near.end();
  await once(pair.near, "close");
  expect(pair.got()).toBe("last words");
});

test("a slow reader is told by the answer, and a broken connection takes nothing", async () => {
  await using pair = await openPair();
  const writer = new SocketWriter(pair.near);
  pair.near.cork();
  expect(writer.write(Buffer.alloc(200_000))).toBe(false);
  pair.near.uncork();
  pair.near.destroy();
  writer.write(Buffer.from("x"));
  expect(writer.flush()).toBe(false);
});

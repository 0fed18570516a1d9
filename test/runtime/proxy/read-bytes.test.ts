import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { expect, test, vi } from "vitest";
import { readBytes } from "../../../runtime/proxy/read-bytes.ts";

/** An accepted socket, paused as ours are, and the other end of it. */
async function openPair(): Promise<AsyncDisposable & { readonly near: Socket; readonly far: Socket }> {
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const far = connect((server.address() as AddressInfo).port, "127.0.0.1");
  const [near] = (await once(server, "connection")) as [Socket];
  return {
    near,
    far,
    [Symbol.asyncDispose]: async () => {
      near.destroy();
      far.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

test("bytes arrive in order, and what came first stays what it was", async () => {
  await using pair = await openPair();
  const got: Buffer[] = [];
  readBytes(pair.near, (bytes) => got.push(bytes));
  pair.near.resume();
  for (const text of ["first", "second", "third"]) {
    pair.far.write(text);
    await vi.waitFor(() => {
      expect(Buffer.concat(got).toString().endsWith(text)).toBe(true);
    });
  }
  expect(got.map(String).join(" ")).toBe("first second third");
});

test("more than one read is not mixed up", async () => {
  await using pair = await openPair();
  const sent = Buffer.from(Array.from({ length: 700_000 }, (_, i) => i % 251));
  const got: Buffer[] = [];
  readBytes(pair.near, (bytes) => got.push(bytes));
  pair.near.resume();
  pair.far.end(sent);
  await once(pair.near, "end");
  expect(Buffer.concat(got).equals(sent)).toBe(true);
});

test("a paused socket reads no further, and goes on where it was", async () => {
  await using pair = await openPair();
  let count = 0;
  readBytes(pair.near, (bytes) => {
    count += bytes.length;
    pair.near.pause();
  });
  pair.near.resume();
  const size = 8 * 1024 * 1024;
  pair.far.write(Buffer.alloc(size));
  await vi.waitFor(() => {
    expect(count).toBeGreaterThan(0);
  });
  expect(pair.far.writableLength).toBeGreaterThan(0);
  readBytes(pair.near, (bytes) => {
    count += bytes.length;
  });
  pair.near.resume();
  await vi.waitFor(() => {
    expect(count).toBe(size);
  });
});

test("what was read before is returned, once", async () => {
  await using pair = await openPair();
  pair.far.write("early");
  pair.near.on("readable", () => undefined);
  await once(pair.near, "readable");
  pair.near.removeAllListeners("readable");
  const got: string[] = [];
  expect(String(readBytes(pair.near, (bytes) => got.push(String(bytes))))).toBe("early");
  pair.near.resume();
  pair.far.write("late");
  await vi.waitFor(() => {
    expect(got).toEqual(["late"]);
  });
  expect(readBytes(pair.near, () => undefined)).toBeUndefined();
});

test("on the Node that runs this, no stream stands between", async () => {
  await using pair = await openPair();
  readBytes(pair.near, () => undefined);
  expect(pair.near.listenerCount("data")).toBe(0);
});

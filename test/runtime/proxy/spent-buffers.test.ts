import { once } from "node:events";
import { expect, it } from "vitest";
import { createSpentBuffers } from "../../../runtime/proxy/spent-buffers.ts";
import { openSocketPair } from "../../support/socket-pair.ts";

const exact = (bytes: number): Buffer => Buffer.from(new ArrayBuffer(bytes));

it("frees a buffer once its bytes have left, and not while they wait", async () => {
  await using sockets = await openSocketPair();
  const { caller: near, accepted: far } = sockets;
  const spent = createSpentBuffers(near);
  const chunks: Buffer[] = [];
  while (near.writableLength === 0) {
    const chunk = exact(65_536);
    chunks.push(chunk);
    near.write(chunk);
    spent.add(chunk);
  }
  spent.free();
  expect(chunks.every(({ length }) => length === 65_536)).toBe(true);
  const total = chunks.length * 65_536;
  let read = 0;
  far.on("data", (bytes) => (read += bytes.length));
  far.resume();
  await once(near, "drain");
  spent.free();
  expect(chunks.map(({ length }) => length)).toEqual(chunks.map(() => 0));
  near.end();
  await once(far, "end");
  expect(read).toBe(total);
});

it("leaves alone what is small, and what is a part of something larger", async () => {
  await using sockets = await openSocketPair();
  const spent = createSpentBuffers(sockets.caller);
  const whole = exact(65_536);
  const chunks = [exact(100), whole.subarray(0, 8192), whole.subarray(1)];
  for (const chunk of chunks) spent.add(chunk);
  spent.free();
  expect(chunks.map(({ length }) => length)).toEqual([100, 8192, 65_535]);
});

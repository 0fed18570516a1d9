import { connect, createServer } from "node:net";
import type { Socket } from "node:net";
import { expect, test, vi } from "vitest";
import { openLineChannel } from "../../../runtime/proxy/line-channel.ts";
import { isToDataPlane } from "../../../runtime/proxy/message.ts";

async function pair(): Promise<{ readonly near: Socket; readonly far: Socket; readonly close: () => void }> {
  const server = createServer();
  await new Promise<void>((done) => {
    server.listen(0, "127.0.0.1", done);
  });
  const at = server.address();
  const near = connect(typeof at === "object" && at !== null ? at.port : 0, "127.0.0.1");
  const far = await new Promise<Socket>((done) => {
    server.once("connection", done);
  });
  return { near, far, close: () => server.close() };
}

test("values cross in lines, however they are cut, and the end is told once", async () => {
  const { near, far, close } = await pair();
  const values: unknown[] = [];
  const end = vi.fn<(error: Error | undefined) => void>();
  const channel = openLineChannel(near, (value) => values.push(value), end);
  for (const byte of Buffer.from('{"a":"ä"}\n\n[1]\n{"b"')) far.write(Buffer.of(byte));
  far.write(":2}\n3\n");
  await vi.waitFor(() => {
    expect(values).toEqual([{ a: "ä" }, [1], { b: 2 }, 3]);
  });
  let heard = "";
  far.on("data", (chunk: Buffer) => (heard += chunk.toString()));
  channel.send({ c: 1 });
  await vi.waitFor(() => {
    expect(heard).toBe('{"c":1}\n');
  });
  expect(channel.backlog()).toBe(0);
  far.end();
  await vi.waitFor(() => {
    expect(end).toHaveBeenCalledExactlyOnceWith(undefined);
  });
  close();
});

test("a line that is not JSON ends the channel", async () => {
  const { near, far, close } = await pair();
  const end = vi.fn<(error: Error | undefined) => void>();
  openLineChannel(near, () => undefined, end);
  far.write("{oops\n");
  await vi.waitFor(() => {
    expect(end.mock.calls[0]?.[0]?.message).toBe("a line is not JSON");
  });
  near.destroy();
  far.destroy();
  close();
});

test.each([
  [{ type: "ping", token: 1 }, true],
  [{ type: "ping", token: "1" }, false],
  [{ type: "drain" }, false],
  [{ type: "svid", proxy: "p" }, false],
  [{ type: "apply", generation: 1, snapshots: [], placements: [], removed: [], addresses: {}, names: {} }, true],
  [{ type: "apply", generation: 1, snapshots: {}, placements: [], removed: [], addresses: {}, names: {} }, false],
  [{ type: "toString" }, false],
  [{ type: 1 }, false],
  [null, false],
  ["ping", false],
])("%j is a message: %s", (value, known) => {
  expect(isToDataPlane(value)).toBe(known);
});

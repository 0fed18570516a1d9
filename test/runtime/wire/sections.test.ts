import { expect, test } from "vitest";
import { compile } from "../../../runtime/compile/compile.ts";
import type { ToDataPlane } from "../../../runtime/model/dataplane.ts";
import { packSections, unpackSections } from "../../../runtime/wire/sections.ts";
import { smallMesh } from "../../support/paper-mesh.ts";

const mesh = smallMesh();
const snapshots = [...compile(mesh, { ready: new Set(mesh.workloads.map(({ id }) => id)) }).values()];
const message: ToDataPlane = {
  type: "apply",
  generation: 1,
  snapshots,
  placements: [],
  removed: [],
  addresses: { kind: "alias", second: 244 },
  names: {},
};

interface Received {
  readonly snapshots: readonly { readonly trust: unknown; readonly outbound: unknown }[];
}

test("equal sections travel once, and arrive as one object", () => {
  const plain: Received = JSON.parse(JSON.stringify(message));
  const line = JSON.stringify(packSections(message));
  expect(line.split('"mode":"ALLOW_ANY"')).toHaveLength(
    new Set(snapshots.map(({ hashes }) => hashes.outbound)).size + 1,
  );
  const received: Received = JSON.parse(line);
  expect(unpackSections(received)).toBe(true);
  expect(received).toEqual(plain);
  const [first, ...others] = received.snapshots;
  expect(others.length).toBeGreaterThan(1);
  for (const other of others) expect(other.trust).toBe(first?.trust);
});

test("a message that was not packed is left alone, as is any other", () => {
  const received: unknown = JSON.parse(JSON.stringify(message));
  expect(unpackSections(received)).toBe(true);
  expect(received).toEqual(JSON.parse(JSON.stringify(message)));
  const ping: ToDataPlane = { type: "ping", token: 1 };
  expect(packSections(ping)).toBe(ping);
  expect(unpackSections({ type: "ping", token: 1 })).toBe(true);
});

test("a name that nothing stands for is a broken message", () => {
  const [first] = snapshots;
  expect(unpackSections({ type: "apply", snapshots: [{ ...first, outbound: "0000" }] })).toBe(false);
  expect(unpackSections({ type: "apply", snapshots: [{}] })).toBe(false);
});

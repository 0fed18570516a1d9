import { describe, expect, it } from "vitest";
import { createAnnouncer } from "../../../cli/print/announce.ts";
import type { MeshEvent } from "../../../runtime/model/event.ts";
import { allowed, denied, exchange, handshake, logged, meshState, plaintext, problem } from "../support/synthetic.ts";

function announced(...events: readonly MeshEvent[]): readonly string[] {
  const announce = createAnnouncer();
  return events.filter((event) => announce(event, meshState())).map(({ id }) => id);
}

describe("what a screen reader is told", () => {
  it("is each change of a verdict once", () => {
    expect(
      announced(
        exchange(1),
        exchange(2),
        exchange(3, { decision: denied, status: 403 }),
        exchange(4, { decision: denied, status: 403 }),
        exchange(5, { decision: allowed }),
      ),
    ).toEqual(["r-1", "r-3", "r-5"]);
  });

  it("tells paths, callers and refused handshakes apart, whatever port they call from", () => {
    const [first, second] = [plaintext(3), plaintext(4)];
    expect(
      announced(
        exchange(1),
        exchange(2, { path: "/other" }),
        first,
        {
          ...second,
          from: { ...second.from, workload: null, address: "192.0.2.7:1" },
        },
        { ...plaintext(5), from: { ...second.from, workload: null, address: "192.0.2.7:2" } },
      ),
    ).toEqual(["r-1", "r-2", first.id, second.id]);
  });

  it("is what happens to files and programs, not what programs print, nor handshakes that went well", () => {
    const rejected: MeshEvent = { type: "mesh.rejected", id: "e-1", at: "", generation: 1, problems: [problem] };
    expect(announced(rejected, logged(2, "hello"), handshake(3))).toEqual(["e-1"]);
  });
});

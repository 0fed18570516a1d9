import { describe, expect, it } from "vitest";
import { createOwnership, handoverMs } from "../../../runtime/control/ownership.ts";
import { createTestClock } from "./test-clock.ts";

function setup(runsAlone = false) {
  const clock = createTestClock();
  let abandoned = 0;
  const ownership = createOwnership({ clock, runsAlone, onAbandoned: () => abandoned++ });
  return { clock, ownership, abandoned: () => abandoned };
}

describe("ownership of a mesh", () => {
  it("passes from the starter to a client that comes in time", () => {
    const { clock, ownership, abandoned } = setup();
    ownership.starterIsGone();
    clock.advance(handoverMs - 1);
    const leave = ownership.join();
    clock.advance(handoverMs);
    expect(abandoned()).toBe(0);
    leave();
    expect(abandoned()).toBe(1);
  });

  it("ends with the starter when nobody comes", () => {
    const { clock, ownership, abandoned } = setup();
    ownership.starterIsGone();
    clock.advance(handoverMs);
    expect(abandoned()).toBe(1);
  });

  it("lasts as long as the last owner", () => {
    const { ownership, abandoned } = setup();
    const [one, two] = [ownership.join(), ownership.join()];
    one();
    expect(abandoned()).toBe(0);
    two();
    expect(abandoned()).toBe(1);
  });

  it("is given up by detaching", () => {
    const { clock, ownership, abandoned } = setup();
    const leave = ownership.join();
    ownership.detach();
    leave();
    ownership.starterIsGone();
    clock.advance(handoverMs);
    expect(abandoned()).toBe(0);
  });

  it("of a mesh that runs alone ends with its starter only until it is ready", () => {
    const early = setup(true);
    early.ownership.starterIsGone();
    early.clock.advance(handoverMs);
    expect(early.abandoned()).toBe(1);
    const late = setup(true);
    late.ownership.ready();
    late.ownership.starterIsGone();
    late.clock.advance(handoverMs);
    expect(late.abandoned()).toBe(0);
  });
});

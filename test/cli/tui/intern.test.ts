import { describe, expect, it } from "vitest";
import { createInterner } from "../../../cli/tui/intern.ts";
import { exchange, handshake, refusal } from "../support/synthetic.ts";

describe("interning", () => {
  it("changes nothing that a row says, and keeps one of equal parts", () => {
    const intern = createInterner();
    const rows = [1, 2].map((number) => intern.exchange(structuredClone(refusal(number))));
    expect(rows).toEqual([refusal(1), refusal(2)]);
    expect(rows[1]?.decision).toBe(rows[0]?.decision);
    expect(rows[1]?.from).toBe(rows[0]?.from);
    const shaken = [1, 2].map((number) => intern.handshake(structuredClone(handshake(number))));
    expect(shaken).toEqual([handshake(1), handshake(2)]);
    expect(shaken[1]?.peer).toBe(shaken[0]?.peer);
  });

  it("tells different values apart, however many there are", () => {
    const intern = createInterner();
    for (let number = 0; number < 12_000; number++) {
      const event = exchange(number, { path: `/${number}` });
      expect(intern.exchange(event).path).toBe(`/${number}`);
    }
  });
});

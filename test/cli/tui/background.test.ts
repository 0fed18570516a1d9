import { EventEmitter } from "node:events";
import { describe, expect, it } from "vitest";
import { askBackground, paletteOf, type Asked } from "../../../cli/tui/background.ts";

function terminal(answer: string) {
  const raw: boolean[] = [];
  const put: string[] = [];
  const emitter = new EventEmitter();
  const input = Object.assign(emitter, {
    isRaw: false,
    setRawMode: (on: boolean) => {
      raw.push(on);
      return input;
    },
    resume: () => input,
    pause: () => input,
    unshift: (bytes: Buffer) => {
      put.push(bytes.toString("latin1"));
    },
  });
  const output = {
    write: () => {
      queueMicrotask(() => {
        for (const character of answer) emitter.emit("data", Buffer.from(character, "latin1"));
      });
      return true;
    },
  };
  // The question needs no more of the streams than is here.
  return { asked: { input, output } as unknown as Asked, raw, put };
}

describe("the background of a terminal", () => {
  it.each([
    ["\u001b]11;rgb:ffff/ffff/ffff\u001b\\\u001b[?62;4c", "light"],
    ["\u001b]11;rgb:fd/f6/e3\u0007\u001b[?1;2c", "light"],
    ["\u001b]11;rgb:0000/0000/0000\u0007\u001b[?1;2c", "dark"],
    ["\u001b]11;rgba:1e1e/1e1e/2e2e/ffff\u0007\u001b[?1;2c", "dark"],
    ["\u001b[?1;2c", undefined],
    ["", undefined],
  ])("is read from the answer %j", async (answer, palette) => {
    const { asked, raw, put } = terminal(answer);
    expect(await askBackground(asked)).toBe(palette);
    expect(raw).toEqual([true, false]);
    expect(put).toEqual([]);
  });

  it("loses no key that was typed meanwhile", async () => {
    const { asked, put } = terminal("3\u001b]11;rgb:0/0/0\u0007j\u001b[?1;2c");
    expect(await askBackground(asked)).toBe("dark");
    expect(put).toEqual(["3j"]);
  });

  it("is not what a broken answer says", () => {
    expect(paletteOf("\u001b]11;rgb:zz/00/00\u0007")).toBeUndefined();
    expect(paletteOf("\u001b]11;rgb:ffff/ffff\u0007")).toBeUndefined();
  });
});

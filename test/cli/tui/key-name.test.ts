import type { Key } from "ink";
import { describe, expect, it } from "vitest";
import { keyNames } from "../../../cli/tui/key-name.ts";

const none: Key = {
  upArrow: false,
  downArrow: false,
  leftArrow: false,
  rightArrow: false,
  pageDown: false,
  pageUp: false,
  home: false,
  end: false,
  return: false,
  escape: false,
  ctrl: false,
  shift: false,
  tab: false,
  backspace: false,
  delete: false,
  meta: false,
  super: false,
  hyper: false,
  capsLock: false,
  numLock: false,
};

describe("names of keys", () => {
  it("are single characters of what came in one piece, without controls", () => {
    expect(keyNames("ab\u0007\u001bc\rd", none)).toEqual(["a", "b", "c", "return", "d"]);
  });

  it("are not what a far terminal says of its colours after nobody waits any more", () => {
    expect(keyNames("11;rgb:1e1e/1e1e/2e2e\u0007", none)).toEqual([]);
    expect(keyNames("1", none)).toEqual(["1"]);
    expect(keyNames("11", none)).toEqual(["1", "1"]);
  });
});

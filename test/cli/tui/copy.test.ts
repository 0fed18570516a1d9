import { Buffer } from "node:buffer";
import { describe, expect, it } from "vitest";
import { clipboardSequence, clipboardWays, copyToClipboard, longestSequence } from "../../../cli/tui/clipboard.ts";
import { copyText, shellWord, type CopySources } from "../../../cli/tui/copy-text.ts";
import { glyphsFor } from "../../../cli/print/glyphs.ts";
import { exchange, logged, meshState, refusal } from "../support/synthetic.ts";

const sources: CopySources = {
  glyphs: glyphsFor(false),
  state: meshState(),
  handshake: () => undefined,
  detail: ["what the pane shows"],
};

describe("a copy of a row", () => {
  const denied = { kind: "event", event: refusal(1) } as const;

  it("as text has whole lines", () => {
    const copied = copyText(denied, "text", sources);
    expect(copied?.text).toContain("DENY");
    expect(copied?.text).toContain("spiffe://cluster.local/ns/default/sa/intruder");
    expect(copyText(denied, "row", sources)?.text).toMatch(/DENY.*intruder-1/);
  });

  it("as curl goes through the caller's sidecar, quoted for a shell", () => {
    const event = exchange(1, { path: "/a b?x='1'", method: "POST" });
    const text = copyText({ kind: "event", event }, "curl", sources)?.text;
    expect(text).toBe(`meshdev exec --as frontend -- curl -X POST 'http://${event.authority}/a b?x='\\''1'\\'''`);
    expect(copyText({ kind: "event", event: logged(1, "x") }, "curl", sources)).toBeUndefined();
  });

  it("as JSON is the event, and as command explains it", () => {
    expect(JSON.parse(copyText(denied, "json", sources)?.text ?? "")).toEqual(denied.event);
    expect(copyText(denied, "command", sources)?.text).toBe(`meshdev why ${denied.event.id}`);
  });

  it("keeps words of a shell apart", () => {
    expect(["/api", "a b", "$(id)", "it's"].map(shellWord)).toEqual(["/api", "'a b'", "'$(id)'", `'it'\\''s'`]);
  });
});

describe("the clipboard", () => {
  it("is a tool where the person sits, and the terminal everywhere else", () => {
    const ways = (env: Record<string, string>, platform = "linux"): readonly string[] =>
      clipboardWays(env, platform).map((way) => (way.kind === "tool" ? way.command : `osc52 ${way.through}`));
    expect(ways({}, "darwin")).toEqual(["pbcopy", "osc52 nothing"]);
    expect(ways({}, "win32")).toEqual(["clip.exe", "osc52 nothing"]);
    expect(ways({ WSL_DISTRO_NAME: "Ubuntu" })).toEqual(["clip.exe", "osc52 nothing"]);
    expect(ways({ WAYLAND_DISPLAY: "w" })).toEqual(["wl-copy", "osc52 nothing"]);
    expect(ways({ DISPLAY: ":0" })).toEqual(["xclip", "xsel", "osc52 nothing"]);
    expect(ways({ SSH_TTY: "/dev/pts/1", DISPLAY: ":0" })).toEqual(["osc52 nothing"]);
    expect(ways({ TMUX: "/tmp/t" })).toEqual(["tmux", "osc52 tmux"]);
    expect(ways({ TERM: "screen-256color" })).toEqual(["osc52 screen"]);
  });

  it("gets OSC 52 as tmux and screen pass it on", () => {
    const payload = Buffer.from("hé").toString("base64");
    expect(clipboardSequence("hé", "nothing")).toBe(`\u001b]52;c;${payload}\u0007`);
    expect(clipboardSequence("hé", "tmux")).toBe(`\u001bPtmux;\u001b\u001b]52;c;${payload}\u0007\u001b\\`);
    const wrapped = clipboardSequence("x".repeat(2_000), "screen");
    for (const part of wrapped.split("\u001b\\")) expect(part.length).toBeLessThan(768);
  });

  it("says what was done, also when a tool is missing or the text is too long", async () => {
    const written: string[] = [];
    const options = {
      env: { DISPLAY: ":0", PATH: "/nowhere" },
      platform: "linux",
      write: (text: string) => void written.push(text),
      toFile: () => "/tmp/copied.txt",
    };
    expect(await copyToClipboard("curl command", "curl x", options)).toBe(
      "copied 6 bytes: curl command (OSC 52, if the terminal allows it)",
    );
    expect(written).toHaveLength(1);
    expect(await copyToClipboard("JSON", "x".repeat(longestSequence + 1), options)).toContain("-> /tmp/copied.txt");
    expect(written).toHaveLength(1);
  });

  it("uses a tool that works", async () => {
    // `pbcopy` of this test is a program that takes everything.
    const message = await copyToClipboard("the row", "x", {
      env: { PATH: process.env["PATH"] ?? "", TMUX: "" },
      platform: process.platform === "darwin" ? "darwin" : "linux",
      write: () => undefined,
      toFile: () => "",
    });
    expect(message).toMatch(/^copied 1 bytes: the row \(/);
  });
});

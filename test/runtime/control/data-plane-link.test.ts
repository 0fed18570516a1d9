import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it, vi } from "vitest";
import { systemClock } from "../../../runtime/core/clock.ts";
import { heartbeat, openDataPlane, type DataPlaneLink } from "../../../runtime/control/data-plane-link.ts";
import { isProcessStopped } from "../../../runtime/control/process-state.ts";
import type { FromDataPlane } from "../../../runtime/model/dataplane.ts";
import { createTestClock } from "./test-clock.ts";

const folder = mkdtempSync(join(tmpdir(), "md-link-"));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const patience = { timeout: 10_000, interval: 10 };

/** What the far end of the pipe may do: a script with `say`, `hear` and the pipe in scope. */
function program(body: string): string {
  const path = join(folder, `${Math.random().toString(36).slice(2)}.mjs`);
  writeFileSync(
    path,
    `import { Socket } from "node:net";
     import { existsSync, writeFileSync } from "node:fs";
     const pipe = new Socket({ fd: 3 });
     const say = (value) => pipe.write(JSON.stringify(value) + "\\n");
     pipe.on("end", () => process.exit(0));
     let text = "";
     const hear = (each) => pipe.on("data", (chunk) => {
       text += chunk;
       for (let end = text.indexOf("\\n"); end >= 0; end = text.indexOf("\\n")) { each(JSON.parse(text.slice(0, end))); text = text.slice(end + 1); }
     });
     pipe.resume();
     ${body}`,
  );
  return path;
}

const polite = `say({ type: "hello", pid: process.pid }); hear((message) => message.type === "ping" ? say({ type: "pong", token: message.token }) : say({ type: "nack", generation: 0, proxy: message.type, reason: "" }));`;

function open(body: string, clock = systemClock) {
  const told = {
    spawned: [] as number[],
    started: [] as number[],
    lost: [] as string[],
    messages: [] as FromDataPlane[],
  };
  const link: DataPlaneLink = openDataPlane({
    entry: program(body),
    drain: "strict",
    env: process.env,
    log: "ignore",
    clock,
    isStopped: isProcessStopped,
    onSpawn: (pid) => told.spawned.push(pid),
  });
  link.attach({
    onStarted: (pid) => told.started.push(pid),
    onLost: (_pid, reason) => told.lost.push(reason),
    onMessage: (message) => told.messages.push(message),
  });
  return { link, told };
}

describe("the link to the data plane", () => {
  it("greets, sends and hears, and ends the process when it is closed", async () => {
    const { link, told } = open(polite);
    expect(link.send({ type: "replay", token: 1 })).toBe(false);
    await vi.waitFor(() => expect(told.started).toHaveLength(1), patience);
    expect(link.send({ type: "replay", token: 1 })).toBe(true);
    await vi.waitFor(() => expect(told.messages).toMatchObject([{ proxy: "replay" }]), patience);
    const pid = link.pid() ?? 0;
    await link.close();
    await link.close();
    expect(existsSync(`/proc/${pid}`)).toBe(false);
    expect(told.lost).toEqual([]);
  });

  it("tells of a greeting that came before anybody listened", async () => {
    const { link, told } = open(polite);
    await vi.waitFor(() => expect(told.started).toHaveLength(1), patience);
    const late: number[] = [];
    link.attach({ onStarted: (pid) => late.push(pid), onLost: () => undefined, onMessage: () => undefined });
    expect(late).toEqual([link.pid()]);
    await link.close();
  });

  it("replaces a process that ends", async () => {
    const { link, told } = open(`${polite} setTimeout(() => process.exit(7), 30);`);
    await vi.waitFor(() => expect(told.started.length).toBeGreaterThan(1), patience);
    expect(told.lost[0]).toBe("exited with code 7");
    await link.close();
  });

  it("kills one that speaks nonsense", async () => {
    const marker = join(folder, "spoke");
    const { link, told } = open(
      `if (existsSync(${JSON.stringify(marker)})) { ${polite} } else { writeFileSync(${JSON.stringify(marker)}, ""); pipe.write("{nonsense\\n"); }`,
    );
    await vi.waitFor(() => expect(told.started).toHaveLength(1), patience);
    expect(told.lost).toEqual(["sent a broken line"]);
    expect(existsSync(`/proc/${told.spawned[0] ?? 0}`)).toBe(false);
    await link.close();
  });

  it("waits between starts when each fails", async () => {
    const { link, told } = open("process.exit(1);");
    await vi.waitFor(() => expect(told.lost).toHaveLength(3), patience);
    expect(told.spawned).toHaveLength(3);
    await link.close();
  });

  it("ends one that does not go by itself", async () => {
    const { link, told } = open(`pipe.removeAllListeners("end"); setInterval(() => undefined, 1000); ${polite}`);
    await vi.waitFor(() => expect(told.started).toHaveLength(1), patience);
    await link.close();
    expect(existsSync(`/proc/${told.spawned[0] ?? 0}`)).toBe(false);
  });

  it("is patient with one that is busy, and replaces one that is silent for too long", async () => {
    const clock = createTestClock();
    const { link, told } = open(`say({ type: "hello", pid: process.pid });`, clock);
    await vi.waitFor(() => expect(told.started).toHaveLength(1), patience);
    for (let ms = 0; ms < heartbeat.dead - 2 * heartbeat.every; ms += heartbeat.every) clock.advance(heartbeat.every);
    expect(told.lost).toEqual([]);
    for (let n = 0; n < 5; n++) clock.advance(heartbeat.every);
    expect(told.lost).toMatchObject([expect.stringContaining("was silent for")]);
    await vi.waitFor(() => expect(told.started).toHaveLength(2), patience);
    const closing = link.close();
    clock.advance(1_000);
    await closing;
  });
});

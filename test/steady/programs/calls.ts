import { Agent, request } from "node:http";
import { connect, type Socket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";

/** What came of a call: as it should, nothing, or something that should not have come. */
export interface Outcome {
  readonly what: "done" | "lost" | "wrong";
  readonly why: string;
}

const done: Outcome = { what: "done", why: "" };
const patienceMs = 60_000;

interface Expectation {
  /** 0: the answer is cut off. */
  readonly expect: number;
  readonly size?: number;
  readonly close?: boolean;
  readonly body?: Buffer;
  readonly chunked?: boolean;
  readonly host?: string;
}

const agent = new Agent({ keepAlive: true });

export function answerOf(path: string, wanted: Expectation): Promise<Outcome> {
  return new Promise((resolve) => {
    const { body, expect } = wanted;
    const failed = (error: Error): void => {
      resolve(expect === 0 ? done : { what: "lost", why: `${path}: ${error.message}` });
    };
    const sent = request(
      {
        agent: wanted.close === true ? false : agent,
        host: wanted.host ?? "backend",
        port: 8080,
        path,
        method: body === undefined ? "GET" : "POST",
        timeout: patienceMs,
        ...(body === undefined || wanted.chunked === true ? {} : { headers: { "content-length": body.length } }),
      },
      (response) => {
        let size = 0;
        response.on("error", failed);
        response.on("data", (chunk: Buffer) => {
          size += chunk.length;
        });
        response.on("end", () => {
          const right = response.statusCode === expect && (wanted.size === undefined || wanted.size === size);
          resolve(right ? done : { what: "wrong", why: `${path}: ${response.statusCode} with ${size} bytes` });
        });
      },
    );
    sent.on("timeout", () => sent.destroy(new Error("no answer in time")));
    sent.on("error", failed);
    if (wanted.chunked === true && body !== undefined) {
      sent.write(body.subarray(0, 1000));
      sent.write(body.subarray(1000, 30_000));
      sent.end(body.subarray(30_000));
    } else {
      sent.end(body);
    }
  });
}

/** A connection that waits for the bytes it is told to wait for. */
interface Talk {
  readonly socket: Socket;
  /** Resolves when `holds` says so about everything that has come since the last call; rejects when the connection ends first. */
  readonly until: (holds: (bytes: string) => boolean) => Promise<string>;
}

function talk(host: string, port: number): Talk {
  const socket = connect({ host, port });
  let bytes = "";
  let look = (): void => undefined;
  let ended: Error | undefined;
  const end = (error?: Error): void => {
    ended ??= error ?? new Error("the connection ended");
    look();
  };
  socket.setTimeout(patienceMs, () => socket.destroy(new Error("no answer in time")));
  socket.setEncoding("latin1");
  socket.on("data", (chunk: string) => {
    bytes += chunk;
    look();
  });
  socket.on("error", end);
  socket.on("end", end);
  socket.on("close", () => {
    end();
  });
  return {
    socket,
    until: (holds) =>
      new Promise((resolve, reject) => {
        look = (): void => {
          if (holds(bytes)) {
            const all = bytes;
            bytes = "";
            look = (): void => undefined;
            resolve(all);
          } else if (ended !== undefined) {
            reject(ended);
          }
        };
        look();
      }),
  };
}

async function attempt(
  what: string,
  run: (open: (host: string, port: number) => Talk) => Promise<Outcome>,
): Promise<Outcome> {
  const open: Socket[] = [];
  try {
    return await run((host, port) => {
      const opened = talk(host, port);
      open.push(opened.socket);
      return opened;
    });
  } catch (error) {
    return { what: "lost", why: `${what}: ${error instanceof Error ? error.message : String(error)}` };
  } finally {
    for (const socket of open) socket.destroy();
  }
}

const count = (text: string, part: string): number => text.split(part).length - 1;

export function pipelined(requests: number): Promise<Outcome> {
  return attempt("pipelined", async (open) => {
    const { socket, until } = open("backend", 8080);
    // Every other one is denied: answers come in order whoever gives them.
    const paths = Array.from({ length: requests }, (_, index) => (index % 2 === 0 ? "/ok" : "/denied"));
    socket.write(paths.map((path) => `GET ${path} HTTP/1.1\r\nHost: backend:8080\r\n\r\n`).join(""));
    const all = await until((bytes) => count(bytes, "x".repeat(128)) + count(bytes, "RBAC: access denied") >= requests);
    const order = [...all.matchAll(/HTTP\/1\.1 (\d+)/g)].map((match) => match[1]).join(" ");
    const wanted = paths.map((path) => (path === "/ok" ? "200" : "403")).join(" ");
    return order === wanted ? done : { what: "wrong", why: `pipelined: ${order}` };
  });
}

const upgrade =
  "GET /socket HTTP/1.1\r\nHost: backend:8080\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n";

async function openEcho(kind: "websocket" | "tcp", open: (host: string, port: number) => Talk): Promise<Talk> {
  if (kind === "tcp") return open("store", 9000);
  const opened = open("backend", 8080);
  opened.socket.write(upgrade);
  await opened.until((bytes) => bytes.startsWith("HTTP/1.1 101 ") && bytes.endsWith("\r\n\r\n"));
  return opened;
}

async function echo({ socket, until }: Talk, text: string): Promise<boolean> {
  socket.write(text);
  return (await until((bytes) => bytes.length >= text.length)) === text;
}

export function echoes(kind: "websocket" | "tcp", times: number): Promise<Outcome> {
  return attempt(kind, async (open) => {
    const opened = await openEcho(kind, open);
    for (let turn = 0; turn < times; turn += 1) {
      const text = `${turn}`.repeat(turn === 0 ? 65_536 : 100);
      if (!(await echo(opened, text))) return { what: "wrong", why: `${kind}: another echo` };
    }
    return done;
  });
}

export function longEcho(kind: "websocket" | "tcp", ms: number): Promise<Outcome> {
  return attempt(`long ${kind}`, async (open) => {
    const opened = await openEcho(kind, open);
    const until = performance.now() + ms;
    while (performance.now() < until) {
      if (!(await echo(opened, "still here"))) return { what: "wrong", why: `${kind}: another echo` };
      await pause(250);
    }
    return done;
  });
}

/** Leaves at every point of an exchange in turn: before it speaks, in the head, in the body, before and in the answer. */
export async function abort(turn: number): Promise<Outcome> {
  const socket = connect({ host: "backend", port: 8080 });
  socket.on("error", () => undefined);
  const begun = [
    "",
    "GET /slow HT",
    "POST /upload HTTP/1.1\r\nHost: backend\r\nContent-Length: 100000\r\n\r\nonly a part",
    "GET /slow HTTP/1.1\r\nHost: backend\r\n\r\n",
    "GET /drip HTTP/1.1\r\nHost: backend\r\n\r\n",
    "GET /huge HTTP/1.1\r\nHost: backend\r\n\r\n",
  ][turn % 6];
  socket.write(begun ?? "");
  await pause(turn % 40);
  if (turn % 2 === 0) socket.destroy();
  else socket.resetAndDestroy();
  return done;
}

export function slowReader(): Promise<Outcome> {
  return new Promise((resolve) => {
    const sent = request({ agent: false, host: "backend", port: 8080, path: "/huge" }, (response) => {
      let size = 0;
      response.on("error", (error) => {
        resolve({ what: "lost", why: `slow reader: ${error.message}` });
      });
      response.on("data", (chunk: Buffer) => {
        size += chunk.length;
        response.pause();
        setTimeout(() => response.resume(), 20);
      });
      response.on("end", () => {
        resolve(size === 2 * 1024 * 1024 ? done : { what: "wrong", why: `slow reader: ${size} bytes` });
      });
    });
    sent.on("error", (error) => {
      resolve({ what: "lost", why: `slow reader: ${error.message}` });
    });
    sent.end();
  });
}

export function slowWriter(): Promise<Outcome> {
  return attempt("slow writer", async (open) => {
    const { socket, until } = open("backend", 8080);
    for (const character of "POST /upload HTTP/1.1\r\nHost: backend:8080\r\nContent-Length: 5\r\n\r\nhello") {
      socket.write(character);
      await pause(10);
    }
    const answer = await until((bytes) => bytes.endsWith("\r\n\r\n5"));
    return answer.startsWith("HTTP/1.1 200 ") ? done : { what: "wrong", why: `slow writer: ${answer.slice(0, 40)}` };
  });
}

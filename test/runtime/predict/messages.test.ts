import { describe, expect, it } from "vitest";
import { frameBody, type Message, serveMessages } from "../../../runtime/predict/messages.ts";
import type { Answer, HttpAnswer } from "../../../runtime/predict/payload.ts";

const ok: HttpAnswer = { kind: "http", status: 200, headers: [], body: "" };

interface Told {
  readonly answer: Answer;
  readonly messages: readonly string[];
  readonly refused: readonly string[];
}

/** What is read from a connection: target, body, `+` when it is whole, and what is wrong with the rest. */
function read(text: string, serve: (message: Message) => Answer = () => ok): Told {
  const messages: string[] = [];
  const refused: string[] = [];
  const answer = serveMessages(
    { kind: "bytes", bytes: Buffer.from(text, "latin1") },
    {
      serve: (message) => {
        const { head, body, whole, broken } = message;
        messages.push(`${head.target} ${body.toString("latin1")}${whole ? "+" : ""}${broken?.details ?? ""}`);
        return serve(message);
      },
      refuse: (error) => {
        refused.push(error.details);
        return { ...ok, status: error.status, ...(error.close ? { close: true } : {}) };
      },
      reset: (details) => refused.push(details),
    },
  );
  return { answer, messages, refused };
}

const head = (target: string, more = ""): string => `POST ${target} HTTP/1.1\r\nHost: a\r\n${more}\r\n`;

describe("the requests of a connection", () => {
  it("are read one after the other, each with its own body", () => {
    const chunked = head("/2", "Transfer-Encoding: chunked\r\n");
    const { answer, messages } = read(
      `${head("/1", "Content-Length: 3\r\n")}abc${chunked}2;x=y\r\nde\r\n0\r\nt: 1\r\n\r\n${head("/3")}`,
    );
    expect(messages).toEqual(["/1 abc+", "/2 de+", "/3 +"]);
    expect(answer).toMatchObject({ status: 200, more: [{ status: 200 }, { status: 200 }] });
  });

  it("end with the answer that closes, or that is none", () => {
    const closing = read(head("/1") + head("/2"), () => ({ ...ok, close: true }));
    expect(closing.messages).toEqual(["/1 +"]);
    expect(read(head("/1") + head("/2"), () => ({ kind: "hang" })).answer).toEqual({ kind: "hang" });
  });

  // recorded: headers/raw-inbound chunk-bad
  it("what stands before a fault in a body has gone on already", () => {
    const { messages } = read(`${head("/1", "Transfer-Encoding: chunked\r\n")}3\r\nabc\r\nzz\r\n${head("/2")}`);
    expect(messages).toEqual(["/1 abchttp1.codec_error"]);
  });

  it("a body that does not end is told as far as it came", () => {
    expect(read(`${head("/1", "Content-Length: 5\r\n")}abc`).messages).toEqual(["/1 abc"]);
  });

  it("everything behind an upgrade belongs to it", () => {
    const upgrade = head("/1", "Upgrade: websocket\r\nConnection: Upgrade\r\n");
    expect(read(`${upgrade}payload`).messages).toEqual(["/1 payload"]);
  });

  it("a broken head is refused, and an unfinished one waits", () => {
    expect(read(`${head("/1")}G@T / HTTP/1.1\r\n\r\n${head("/2")}`)).toMatchObject({
      messages: ["/1 +"],
      refused: ["http1.codec_error"],
    });
    expect(read("GET / HTTP/1.1\r\nHost: a\r\n").answer).toEqual({ kind: "hang" });
  });
});

it("a body is written whole, or left open", () => {
  const body = Buffer.from("abc");
  expect(frameBody(body, true, { kind: "chunked" }).toString()).toBe("3\r\nabc\r\n0\r\n\r\n");
  expect(frameBody(body, false, { kind: "chunked" }).toString()).toBe("3\r\nabc\r\n");
  expect(frameBody(body, true, { kind: "length", length: 3 }).toString()).toBe("abc");
});

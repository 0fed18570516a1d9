import type { Buffer } from "node:buffer";
import type { Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { enter, type Entrance } from "../proxy/send-request.ts";

/** TLS that a caller begins by itself. */
export interface OwnTls {
  readonly serverName: string;
  /** PEM; undefined: it shows none. */
  readonly certificate: { readonly key: string; readonly cert: string } | undefined;
}

/** What a caller got for its bytes. */
export interface SeenAnswer {
  /** Undefined: no HTTP answer came. */
  readonly status: number | undefined;
  /** Port that the call came from; undefined: it entered by a socket file. */
  readonly localPort: number | undefined;
  /** Why there is no answer. */
  readonly error: string | undefined;
}

/** An answer that has no end yet is waited for no longer than this; bytes that are not HTTP have no end at all. */
const patienceMs = 10_000;
const quietMs = 200;

/** Sends bytes on a connection of their own and waits for the end of one answer. Never throws. */
export function sendBytes(entrance: Entrance, bytes: Buffer, isHttp: boolean, tls?: OwnTls): Promise<SeenAnswer> {
  return new Promise((resolve) => {
    const plain = enter(entrance);
    let text = "";
    let error: string | undefined;
    let localPort: number | undefined;
    let timer = setTimeout(finish, patienceMs);
    let connected = false;
    plain.on("connect", () => {
      connected = true;
      localPort = entrance.at.kind === "unix" ? undefined : plain.localPort;
    });
    const fail = (fault: Error): void => {
      error ??= fault.message;
    };
    plain.on("error", fail);
    const stream = tls === undefined ? plain : secured(plain, tls);
    stream.on("error", fail);
    stream.on("close", finish);
    stream.on("data", (piece: Buffer) => {
      text += piece.toString("latin1");
      if (isHttp && isWhole(text, bytes.subarray(0, 5).toString("latin1") === "HEAD ")) finish();
      else if (!isHttp) wait(quietMs);
    });
    stream.write(bytes, () => {
      if (!isHttp) wait(quietMs);
    });

    function wait(ms: number): void {
      clearTimeout(timer);
      timer = setTimeout(finish, ms);
    }

    function finish(): void {
      clearTimeout(timer);
      plain.destroy();
      const status = statusOf(text);
      const isAnswered = isHttp ? status !== undefined : connected;
      const missing = isAnswered ? undefined : (error ?? "closed without an answer");
      resolve({ status, localPort, error: missing });
    }
  });
}

function secured(socket: Socket, { serverName, certificate }: OwnTls): Socket {
  // Whom the server says it is does not matter here: what it says of the caller does.
  return connectTls({
    socket,
    servername: serverName,
    ALPNProtocols: ["http/1.1"],
    rejectUnauthorized: false,
    ...certificate,
  });
}

/** An answer without interim ones. */
function finalAnswer(text: string): string {
  return text.replace(/^(?:HTTP\/1\.[01] 1\d\d[^]*?\r\n\r\n)*/, "");
}

function statusOf(text: string): number | undefined {
  const found = /^HTTP\/1\.[01] (\d{3})/.exec(finalAnswer(text))?.[1];
  return found === undefined ? undefined : Number(found);
}

function isWhole(text: string, headOnly: boolean): boolean {
  const answer = finalAnswer(text);
  const status = statusOf(answer);
  const end = answer.indexOf("\r\n\r\n");
  if (status === undefined || end < 0) return false;
  if (headOnly || status === 204 || status === 304) return true;
  const head = answer.slice(0, end).toLowerCase();
  const body = answer.slice(end + 4);
  const length = /\r\ncontent-length: *(\d+)/.exec(head)?.[1];
  if (length !== undefined) return body.length >= Number(length);
  return head.includes("\r\ntransfer-encoding: chunked") && body.endsWith("0\r\n\r\n");
}

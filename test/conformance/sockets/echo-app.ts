import { createServer, type Server as NetServer, type Socket } from "node:net";
import { createSecureContext, type SecureContext, TLSSocket } from "node:tls";
import { rmSync } from "node:fs";
import type { Hit } from "../../../runtime/predict/trace.ts";
import { parseClientHello } from "../../../runtime/wire/client-hello.ts";
import type { KeyPair } from "./certificates.ts";
import { createExtAuthzApp } from "./ext-authz-app.ts";
import { told } from "./echo-answer.ts";
import { createEchoHttp, type EchoPlace } from "./echo-http.ts";

/** What an application of the recordings does with one of its ports. */
export interface EchoPort {
  readonly workload: string;
  readonly port: number;
  /** `""`, `auto`, `tcp`, `serverFirst` or `ext-authz`; see the conformance README. */
  readonly mode: string;
  readonly at: { readonly path: string } | { readonly host: string; readonly port: number };
}

/** The echo applications of a case, as real servers. */
export interface EchoApps extends AsyncDisposable {
  /** Serves exactly these ports from now on; connections of before are closed. */
  readonly serve: (ports: readonly EchoPort[]) => Promise<void>;
  /** What reached an application since it was asked last. */
  readonly takeHits: () => readonly Hit[];
  /** Ends every open connection. */
  readonly hangUp: () => void;
  /** Whether an application sent this as its body. */
  readonly isEcho: (body: string) => boolean;
}

type MutableHit = { -readonly [K in keyof Hit]: Hit[K] };

interface Accepted {
  readonly at: EchoPort;
  readonly sni: string | undefined;
}

interface Waiting {
  readonly key: string;
  readonly server: NetServer;
}

export function createEchoApps(certificateFor: (name: string) => Promise<KeyPair>): EchoApps {
  let hits: MutableHit[] = [];
  let attempts = new Map<string, number>();
  const open = new Set<Socket>();
  const listening = new Map<string, Waiting & { at: EchoPort }>();
  const bodies = new Set<string>();
  const contexts = new Map<string, Promise<SecureContext>>();

  const http = createEchoHttp();
  const authorize = createExtAuthzApp((hit) => hits.push(hit));

  function note(where: Accepted, hit: Omit<MutableHit, "workload" | "port">): MutableHit {
    const made: MutableHit = { workload: where.at.workload, port: where.at.port, ...hit };
    if (where.sni !== undefined) made.sni = where.sni;
    hits.push(made);
    return made;
  }

  function accept(at: EchoPort, socket: Socket): void {
    open.add(socket);
    socket.on("close", () => open.delete(socket));
    socket.on("error", () => socket.destroy());
    const where: Accepted = { at, sni: undefined };
    switch (at.mode) {
      case "ext-authz":
        authorize(socket, at.port);
        return;
      case "serverFirst":
        socket.write(`${JSON.stringify({ workload: at.workload, port: at.port, greeting: "hello" })}\n`);
        // Whoever is greeted has arrived, whether it says anything or not.
        echo(where, socket, note(where, { kind: "tcp" }));
        return;
      case "tcp":
        echo(where, socket);
        return;
      default:
        sniff(where, socket);
    }
  }

  /** The first bytes decide, as in the recordings: HTTP, TLS, or anything else. */
  function sniff(where: Accepted, socket: Socket): void {
    socket.once("data", (chunk: Buffer) => {
      socket.pause();
      socket.unshift(chunk);
      const text = chunk.toString("latin1", 0, 24);
      if (chunk[0] === 0x16 && where.sni === undefined) {
        if (where.at.mode === "auto") void secure(where, socket, chunk);
        else socket.end("HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n");
      } else if (text.startsWith("PRI * HTTP/2.0")) {
        http.http2(socket, placeOf(where));
      } else if (/^[A-Z]+ /.test(text)) {
        http.http1(socket, placeOf(where));
      } else echo(where, socket);
    });
    socket.resume();
  }

  async function secure(where: Accepted, raw: Socket, first: Buffer): Promise<void> {
    const hello = parseClientHello(first);
    const sni = hello.kind === "hello" ? hello.sni : undefined;
    const name = sni ?? where.at.workload;
    let context = contexts.get(name);
    if (context === undefined) {
      context = certificateFor(name).then(({ chain, key }) => createSecureContext({ cert: chain, key }));
      contexts.set(name, context);
    }
    const socket = new TLSSocket(raw, {
      isServer: true,
      secureContext: await context,
      ALPNProtocols: ["h2", "http/1.1"],
    });
    socket.on("error", () => raw.destroy());
    const inside: Accepted = { at: where.at, sni: sni ?? "" };
    socket.on("secure", () => {
      if (socket.alpnProtocol === "h2") {
        http.http2(socket, placeOf(inside));
      } else sniff(inside, socket);
    });
  }

  function echo(where: Accepted, socket: Socket, greeted?: MutableHit): void {
    let hit = greeted;
    socket.on("data", (chunk: Buffer) => {
      const text = chunk.toString("utf8");
      if (hit === undefined) hit = note(where, { kind: "tcp", data: text });
      else hit.data = `${hit.data ?? ""}${text}`;
      socket.write(`${JSON.stringify({ workload: where.at.workload, port: where.at.port, echo: text })}\n`);
    });
    socket.on("end", () => socket.end());
    socket.resume();
  }

  function placeOf(where: Accepted): EchoPlace {
    const { workload, port } = where.at;
    return {
      workload,
      port,
      arrived: (request) => {
        const hit = note(where, { kind: "http", ...request, body: "" });
        return (body) => {
          hit.body = body;
        };
      },
      attempt: (request) => {
        const id = told(request, "x-request-id") ?? told(request, "x-case-id") ?? "";
        const attempt = (attempts.get(id) ?? 0) + 1;
        attempts.set(id, attempt);
        return attempt;
      },
      sent: (body) => bodies.add(body),
    };
  }

  async function listen(at: EchoPort, key: string): Promise<void> {
    const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
      accept(listening.get(key)?.at ?? at, socket);
    });
    listening.set(key, { key, server, at });
    if ("path" in at.at) rmSync(at.at.path, { force: true });
    await listenPatiently(server, at.at);
  }

  async function stop(entry: Waiting): Promise<void> {
    listening.delete(entry.key);
    await new Promise<void>((done) => {
      entry.server.close(() => {
        done();
      });
    });
  }

  return {
    serve: async (ports) => {
      for (const socket of open) socket.destroy();
      attempts = new Map();
      hits = [];
      bodies.clear();
      const wanted = new Map(ports.map((port) => [JSON.stringify(port.at), port] as const));
      await Promise.all([...listening.values()].filter(({ key }) => !wanted.has(key)).map(stop));
      await Promise.all(
        [...wanted].map(async ([key, port]) => {
          const entry = listening.get(key);
          if (entry === undefined) await listen(port, key);
          else entry.at = port;
        }),
      );
    },
    takeHits: () => {
      const taken = hits;
      hits = [];
      return taken;
    },
    hangUp: () => {
      for (const socket of open) socket.destroy();
    },
    isEcho: (body) => bodies.has(body),
    [Symbol.asyncDispose]: async () => {
      for (const socket of open) socket.destroy();
      await Promise.all([...listening.values()].map(stop));
    },
  };
}

/** An address that a sidecar held in the case before may stay taken for a moment. */
async function listenPatiently(server: NetServer, at: EchoPort["at"]): Promise<void> {
  for (let left = 100; ; left -= 1) {
    const error = await new Promise<NodeJS.ErrnoException | undefined>((done) => {
      server.once("error", done);
      server.listen(at, () => {
        server.off("error", done);
        done(undefined);
      });
    });
    if (error === undefined) return;
    if (error.code !== "EADDRINUSE" || left === 0) throw error;
    await new Promise((done) => {
      setTimeout(done, 10);
    });
  }
}

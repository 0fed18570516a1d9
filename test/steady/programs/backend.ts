import { createServer, type IncomingMessage, type ServerResponse } from "node:http";

// An application with every kind of answer: small, large, in pieces, slow, cut, none, and an upgrade.
const small = "x".repeat(128);
const large = Buffer.alloc(64 * 1024, "y");
const huge = Buffer.alloc(2 * 1024 * 1024, "z");

function inPieces(response: ServerResponse, piece: Buffer, count: number, everyMs: number): void {
  let left = count;
  const next = (): void => {
    if (response.destroyed) return;
    left -= 1;
    if (left === 0) {
      response.end(piece);
      return;
    }
    response.write(piece);
    setTimeout(next, everyMs);
  };
  next();
}

function answer(request: IncomingMessage, response: ServerResponse, size: number): void {
  switch (request.url) {
    case "/big":
      response.end(large);
      return;
    case "/huge":
      response.end(huge);
      return;
    case "/chunked":
      inPieces(response, large.subarray(0, 8192), 8, 0);
      return;
    case "/drip":
      inPieces(response, large.subarray(0, 512), 20, 20);
      return;
    case "/slow":
      setTimeout(() => response.end(small), 100);
      return;
    case "/die":
      request.socket.destroy();
      return;
    case "/cut":
      response.writeHead(200, { "content-length": 1000 });
      response.write("only the beginning", () => request.socket.destroy());
      return;
    case "/upload":
      response.end(String(size));
      return;
    default:
      response.end(small);
  }
}

createServer((request, response) => {
  let size = 0;
  request.on("error", () => undefined);
  request.on("data", (chunk: Buffer) => {
    size += chunk.length;
  });
  request.on("end", () => {
    answer(request, response, size);
  });
})
  .on("upgrade", (_request, socket) => {
    socket.on("error", () => undefined);
    socket.write("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n");
    socket.pipe(socket);
  })
  .listen(Number(process.env["PORT"] ?? "8080"));

import { createServer, type Socket } from "node:net";
import { serveHttp1 } from "./http1.ts";
import { serveHttp2 } from "./http2.ts";
import { serveTcp } from "./tcp.ts";

// The application behind every chain: `node main.ts HTTP1 HTTP2 TCP`, each a port or the path of a Unix socket. It answers with prepared
// bytes and does nothing else, so that what is measured is the proxies.
const [http1 = "8080", http2 = "8081", tcp = "9000"] = process.argv.slice(2);

function listen(at: string, serve: (socket: Socket) => void): void {
  const server = createServer({ noDelay: true }, (socket) => {
    // A chain that ends a connection is not this program's business.
    socket.on("error", () => {
      socket.destroy();
    });
    serve(socket);
  });
  if (/^\d+$/.test(at)) server.listen(Number(at));
  else server.listen(at);
}

listen(http1, serveHttp1);
listen(http2, serveHttp2);
listen(tcp, serveTcp);

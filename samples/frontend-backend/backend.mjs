// A plain HTTP server. It knows nothing of TLS, certificates or the mesh.
import { createServer } from "node:http";

const server = createServer((request, response) => {
  response.setHeader("content-type", "application/json");
  response.end(
    `${JSON.stringify({
      service: "backend",
      path: request.url,
      caller: request.headers["x-forwarded-client-cert"] ?? null,
    })}\n`,
  );
});

server.listen(8080, () => {
  console.log("backend listens on 8080");
});

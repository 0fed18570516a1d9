// Answers on 8080 and calls the backend in plain HTTP, by the name it would have in a cluster.
import { createServer } from "node:http";

// Passing x-request-id on is what ties both calls together, in meshdev (press o) as in Istio's traces.
async function callBackend(requestId) {
  const headers = requestId === undefined ? {} : { "x-request-id": requestId };
  const response = await fetch("http://backend:8080/api/data", { headers });
  return { status: response.status, body: (await response.text()).trim() };
}

const server = createServer((request, response) => {
  callBackend(request.headers["x-request-id"])
    .then(({ status, body }) => {
      response.writeHead(status, { "content-type": "text/plain" });
      response.end(`backend answered ${status}: ${body}\n`);
    })
    .catch((error) => {
      response.writeHead(502, { "content-type": "text/plain" });
      response.end(`backend is unreachable: ${error.cause?.message ?? error.message}\n`);
    });
});

server.listen(8080, () => {
  console.log("frontend listens on 8080");
});

// One call now and then, so that there is something to see without a browser.
async function tick() {
  try {
    const { status } = await callBackend();
    console.log(`GET /api/data -> ${status}`);
  } catch (error) {
    console.log(`GET /api/data failed: ${error.cause?.code ?? error.message}`);
  }
}
void tick();
setInterval(tick, 2000);

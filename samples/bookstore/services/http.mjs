import { createServer } from "node:http";

/** Headers that a call carries on, so that routes by user and traces work across services. */
const passed = ["end-user", "x-request-id", "traceparent", "tracestate"];

/** Serves JSON on PORT; `answer` gets the path and the headers to pass on. */
export function serve(answer) {
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://localhost");
    const headers = Object.fromEntries(
      passed.flatMap((name) => (name in request.headers ? [[name, request.headers[name]]] : [])),
    );
    if (pathname === "/healthz") return reply(response, 200, { ok: true });
    try {
      const { status = 200, ...body } = await answer(pathname, headers, request.method);
      reply(response, status, body);
    } catch (error) {
      reply(response, 502, { error: error instanceof Error ? error.message : String(error) });
    }
  });
  server.listen(Number(process.env.PORT ?? 9080));
  process.on("SIGTERM", () => server.close(() => process.exit(0)));
}

/** Calls another service; what is refused comes back as an error to show. */
export async function get(url, headers) {
  const response = await fetch(url, { headers, signal: AbortSignal.timeout(3000) });
  if (!response.ok) return { error: `${response.status} ${(await response.text()).slice(0, 100)}` };
  return response.json();
}

function reply(response, status, body) {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(`${JSON.stringify(body, undefined, 2)}\n`);
}
